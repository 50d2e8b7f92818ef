import { Observer } from './observer.mjs';
import { pause, until } from './until.mjs';

/** Into the middle: the third segment from the end, within the cue that touches three segments. */
const SEEK = 15;
const CUE = 'This one touches three segments.';
/** From where and how fast it is wound, and how many pictures in a row are to be I-frames: the title has one each whole second, among 25 frames. */
const WIND = { from: 2, rate: 4, pictures: 4 };
/** How long keys that do not fit are watched, unless the player gives up first. */
const NO_PICTURE_MS = 6_000;

/**
 * Start, picture, sound, subtitles, a seek, another rendition, winding where the player does it by I-frames. A step that fails leaves its reason as `hole`; the ones after
 * it are tried nevertheless.
 */
export async function play(driver, video, url) {
  const observer = new Observer(video);
  const outcome = {};
  const wait = (condition, what) => until(condition, what, driver);
  const step = async (name, body) => {
    try {
      outcome[name] = await body();
    } catch (error) {
      outcome[name] = { hole: `${error.message} (${state(video)})` };
    }
  };
  /** Frames that come from now on, with the condition met, and then the title's picture. */
  const picture = async (what, condition = () => true) => {
    const before = observer.frames();
    await wait(() => observer.frames() >= before + 5 && condition(), `frames ${what}`);
    await wait(() => observer.isTitle(), `picture of the title ${what}`);
    return { frames: observer.frames() - before, patch: observer.patch };
  };

  const started = performance.now();
  await step('start', async () => {
    await driver.load(url);
    await wait(() => observer.frames() > 0, 'first frame');
    return { ms: Math.round(performance.now() - started) };
  });
  await step('picture', () => picture('at the start'));
  await step('audio', async () => {
    const before = observer.audio();
    await wait(() => observer.audio() > before, 'sound');
    return { bytes: observer.audio() };
  });
  // Shown before the seek, as a viewer does it: shaka-player shows no cue where a seek comes while it turns to its subtitles.
  await step('subtitles', async () => {
    driver.showSubtitles();
    await wait(() => observer.hasCues(), 'subtitles to show');
  });
  await step('seek', async () => {
    video.currentTime = SEEK;
    const isAfterSeek = () => observer.presented.time >= SEEK && observer.presented.time < SEEK + 4;
    const seen = await picture(`after a seek to ${SEEK} s`, isAfterSeek);
    return { ...seen, time: observer.presented.time };
  });
  await step('subtitles', async () => {
    if (outcome.subtitles?.hole) throw new Error(outcome.subtitles.hole);
    await wait(() => observer.cues().length > 0, 'cue');
    const cues = observer.cues();
    if (!cues.includes(CUE)) throw new Error(`another cue than "${CUE}": ${cues.join(' | ')}`);
    return { cue: CUE };
  });
  await step('switch', async () => {
    const from = video.videoHeight;
    const others = () => driver.heights().filter((height) => height !== from);
    await wait(() => others().length > 0, 'another rendition to choose');
    const to = Math.min(...others());
    driver.switchTo(to);
    await picture(`of ${to} lines`, () => observer.presented.height === to && video.videoHeight === to);
    return { from, to };
  });
  if (driver.winds) {
    await step('wind', async () => {
      video.currentTime = WIND.from;
      await wait(() => !video.seeking && observer.presented.time < WIND.from + 4, 'picture to wind from');
      driver.wind(WIND.rate);
      const shown = [];
      const alone = () => {
        const { time } = observer.presented;
        if (time === shown.at(-1)) return false;
        // Any other frame is still of the whole track.
        if (Math.abs(time - Math.round(time)) > 0.001) shown.length = 0;
        else shown.push(time);
        return shown.length >= WIND.pictures;
      };
      const before = observer.frames();
      await wait(alone, 'I-frames alone');
      await wait(() => observer.isTitle(), 'picture of the title while winding');
      return { frames: observer.frames() - before, time: shown.at(-1), bytes: iframes().length };
    });
  }
  return { ...outcome, frames: observer.frames() };
}

/** Where the media element stands. */
function state({ currentTime, seeking, paused, readyState, buffered, error }) {
  const spans = Array.from({ length: buffered.length }, (_, at) => `${buffered.start(at)}-${buffered.end(at)}`);
  const failed = error ? `, error ${error.code} ${error.message}` : '';
  return `at ${currentTime} s, ${seeking ? 'seeking, ' : ''}${paused ? 'paused, ' : ''}ready ${readyState}, buffered ${spans.join(' ')}${failed}`;
}

/** What was fetched of I-frames alone. */
function iframes() {
  return performance.getEntriesByType('resource').filter(({ name }) => /-iframes\/\d+\.m4s/.test(name));
}

/** Waits for the player to give up, and tells what it says. */
export async function refusal(driver, video, url) {
  const observer = new Observer(video);
  await driver.load(url).catch(() => {});
  await until(() => driver.failure, 'an error of the player', { failure: null });
  const { status, body } = driver.failure;
  let code = null;
  try {
    ({ code } = JSON.parse(body));
  } catch {
    // The player keeps no body, or it is no problem document: the code stays null, and is told as such.
  }
  return { refusal: { status, code, error: driver.failure.name }, frames: observer.frames() };
}

/** Watches for any picture until the player or the browser gives up. */
export async function noPicture(driver, video, url) {
  const observer = new Observer(video);
  let sawTitle = false;
  let error = null;
  // At once: a player that tries again clears the element's error.
  video.addEventListener('error', () => {
    error ??= `MediaError ${video.error.code}`;
  });
  driver.load(url).catch(() => {});
  const end = performance.now() + NO_PICTURE_MS;
  while (!driver.failure && !error && performance.now() < end) {
    sawTitle ||= observer.frames() > 0 && (await observer.isTitle());
    await pause();
  }
  sawTitle ||= await observer.isTitle();
  return { sawTitle, error: driver.failure?.name ?? error ?? 'none: it waits', frames: observer.frames() };
}
