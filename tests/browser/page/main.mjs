// A case: {
//   player      "shaka", "dash" or "hls"
//   purpose     "play", "refusal" (an answer of the edge's that stops the player) or "no-picture" (keys that do not fit)
//   url         the manifest, by path handle; or, instead of it,
//   mint        {url, token, title, protocol, scheme, query}: create a session from this page and play by its cookie
//   license     the ClearKey licence URL, for players that have to be told
// }
import { mintForCookie } from './carriage.mjs';
import { noPicture, play, refusal } from './cases.mjs';
import { DashDriver } from './players/dash.mjs';
import { HlsDriver } from './players/hls.mjs';
import { ShakaDriver } from './players/shaka.mjs';

const DRIVERS = { shaka: ShakaDriver, dash: DashDriver, hls: HlsDriver };
const PURPOSES = { play, refusal, 'no-picture': noPicture };

window.run = async (wanted) => {
  const Driver = DRIVERS[wanted.player];
  const video = document.querySelector('video');
  await script(Driver.library);
  try {
    const credentials = Boolean(wanted.mint);
    const { url, license } = wanted.mint ? await mintForCookie(wanted.mint) : wanted;
    const driver = new Driver(video, { license, credentials });
    return { ...(await PURPOSES[wanted.purpose](driver, video, url)), complaints: driver.complaints };
  } catch (error) {
    return { failure: error.message };
  }
};

function script(source) {
  return new Promise((loaded, failed) => {
    const element = document.createElement('script');
    element.src = source;
    element.onload = loaded;
    element.onerror = () => failed(new Error(`${source} cannot be loaded: npm ci in tests/ installs it`));
    document.head.append(element);
  });
}
