// The players, each behind the same few calls, loaded when first wanted:
//   load(source, from)   from is a position in seconds
//   facts()              { keySystem, width, height, bandwidth, codec }
//   destroy()
// Each keeps a short buffer, so that what the gate decides shows within seconds.

/** Seconds that are fetched ahead, and kept behind: less than a segment, so that a second look asks again. */
export const AHEAD = 6;
const BEHIND = 1;

/** The player of that name, `shaka` or `dash.js`. `failed` is called with words for what ends playback, unless that is an answer of the edge, which the page sees itself. */
export async function player(name, video, failed) {
  if (name === "shaka") return new Shaka(await library("shaka"), video, failed);
  return new DashJs(await library("dashjs"), video, failed);
}

const scripts = new Map();
/** Loads a player's classic script once; resolves to the global that it makes. */
function library(name) {
  if (!scripts.has(name)) {
    scripts.set(name, new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `/players/${name}.js`;
      script.onload = () => resolve(window[name]);
      script.onerror = () => reject(new Error(`${script.src} could not be loaded`));
      document.head.append(script);
    }));
  }
  return scripts.get(name);
}

/** Adds to a manifest's URL which key systems it is to list. */
function listing(url, systems) {
  return `${url}?ks=${systems}`;
}

class Shaka {
  constructor(library, video, failed) {
    library.polyfill.installAll();
    this.video = video;
    this.player = new library.Player();
    this.failed = (error) => {
      const { Category, Code } = library.util.Error;
      const expected = error.category === Category.NETWORK || error.code === Code.LOAD_INTERRUPTED || error.code === Code.LICENSE_REQUEST_FAILED;
      if (!expected) failed(`shaka-player gave up with its error ${error.code ?? error.message}.`);
    };
    this.player.addEventListener("error", (event) => this.failed(event.detail));
    // A refusal is an answer: it is not asked for again.
    const once = { maxAttempts: 1 };
    this.player.configure({
      streaming: { bufferingGoal: AHEAD, rebufferingGoal: 1, bufferBehind: BEHIND, evictionGoal: 0.5, retryParameters: once },
      manifest: { retryParameters: once },
      drm: { retryParameters: once },
      abr: { restrictToElementSize: true },
    });
  }

  async load({ protocol, url }, from) {
    try {
      await this.player.attach(this.video);
      // Its ClearKey in HLS is a key's URI, in DASH a licence's.
      await this.player.load(listing(url, protocol === "hls" ? "identity" : "clearkey"), from);
    } catch (error) {
      this.failed(error);
    }
  }

  facts() {
    const track = this.player.getVariantTracks().find((track) => track.active);
    const keySystem = this.player.drmInfo()?.keySystem;
    return { keySystem, width: track?.width, height: track?.height, bandwidth: track?.bandwidth, codec: track?.codecs };
  }

  destroy() {
    return this.player.destroy();
  }
}

class DashJs {
  constructor({ MediaPlayer }, video, failed) {
    this.video = video;
    this.player = MediaPlayer().create();
    this.player.updateSettings({
      debug: { logLevel: 0 },
      streaming: {
        buffer: { bufferTimeDefault: AHEAD, bufferTimeAtTopQuality: AHEAD, bufferTimeAtTopQualityLongForm: AHEAD, bufferToKeep: BEHIND, bufferPruningInterval: 1 },
        abr: { limitBitrateByPortal: true },
        retryAttempts: { MediaSegment: 0, InitializationSegment: 0, MPD: 0, license: 0 },
      },
    });
    this.player.on(MediaPlayer.events.ERROR, (event) => {
      if (!event.error.data?.request) failed(`dash.js gave up with its error ${event.error.code}.`);
    });
    this.player.on("public_keySystemSelected", (event) => { this.keySystem = event.data?.keySystem?.systemString; });
  }

  load({ url }, from) {
    this.player.initialize(this.video, listing(url, "clearkey"), false, from);
  }

  facts() {
    const video = this.player.getCurrentRepresentationForType("video");
    return { keySystem: this.keySystem, width: video?.width, height: video?.height, bandwidth: video?.bandwidth, codec: codecOf(video) };
  }

  destroy() {
    this.player.destroy();
  }
}

/** `avc1.640028` of a representation, which names it as a media type or alone. */
function codecOf(representation) {
  const codecs = representation?.codecs ?? "";
  return /codecs="([^"]+)"/.exec(codecs)?.[1] ?? codecs;
}
