/** What a step may take on a busy machine. */
const STEP_MS = 20_000;
const POLL_MS = 40;

export const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** Waits for the condition, which may be a promise's; throws as soon as the player gave up, or late, with what did not come. */
export async function until(condition, what, driver) {
  const end = performance.now() + STEP_MS;
  while (!(await condition())) {
    if (driver.failure) throw new Error(`no ${what}: ${driver.failure.name}`);
    if (performance.now() > end) throw new Error(`no ${what} within ${STEP_MS / 1000} s`);
    await pause();
  }
}
