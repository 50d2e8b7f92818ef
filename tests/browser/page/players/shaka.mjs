import { Driver } from './driver.mjs';

/** shaka-player, DASH and HLS. Needs no configuration. */
export class ShakaDriver extends Driver {
  static library = '/libraries/shaka-player.js';

  constructor(video, { credentials }) {
    super();
    this.video = video;
    this.player = new shaka.Player();
    // It bans a rendition of which the browser drops frames, as a busy machine's does: what is tried here is the edge.
    this.player.configure('abr.droppedFrames', false);
    this.player.addEventListener('error', ({ detail }) => this.received(detail));
    this.player.getNetworkingEngine().registerRequestFilter((_, request) => {
      request.allowCrossSiteCredentials = credentials;
    });
  }

  async load(url) {
    await this.player.attach(this.video);
    await this.player.load(url).catch((error) => {
      this.received(error, true);
      throw error;
    });
    this.winds = this.player.getManifestType() === 'DASH';
  }

  heights() {
    return this.player.getVideoTracks().map((track) => track.height);
  }

  switchTo(height) {
    this.player.configure('abr.enabled', false);
    this.player.selectVideoTrack(this.player.getVideoTracks().find((track) => track.height === height), true);
  }

  wind(rate) {
    this.player.trickPlay(rate);
  }

  showSubtitles() {
    this.player.selectTextTrack(this.player.getTextTracks()[0]);
  }

  received(error, critical = error.severity === shaka.util.Error.Severity.CRITICAL) {
    const { Code } = shaka.util.Error;
    const name = Object.keys(Code).find((name) => Code[name] === error.code) ?? String(error);
    const [, status, body] = error.code === Code.BAD_HTTP_STATUS ? error.data : [];
    if (critical) this.fail(name, status, body);
    else this.complain(name);
  }
}
