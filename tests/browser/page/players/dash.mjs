import { Driver } from './driver.mjs';

/** dash.js, DASH. Needs no configuration. */
export class DashDriver extends Driver {
  static library = '/libraries/dash.js';

  constructor(video, { credentials }) {
    super();
    this.video = video;
    this.player = dashjs.MediaPlayer().create();
    this.player.updateSettings({ debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE } });
    this.player.on(dashjs.MediaPlayer.events.ERROR, ({ error }) => {
      const { response } = error.data ?? {};
      this.fail(`${error.code} ${error.message}`, response?.status, response?.data);
    });
    if (credentials) {
      this.player.setXHRWithCredentialsForType(null, true);
      this.player.registerLicenseRequestFilter((request) => {
        request.withCredentials = true;
        return Promise.resolve();
      });
    }
  }

  async load(url) {
    this.player.initialize(this.video, url, true);
  }

  heights() {
    return this.player.getRepresentationsByType('video').map((representation) => representation.height);
  }

  switchTo(height) {
    this.player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } });
    this.player.setRepresentationForTypeByIndex('video', this.heights().indexOf(height), true);
  }

  showSubtitles() {
    this.player.setTextTrack(0);
  }
}
