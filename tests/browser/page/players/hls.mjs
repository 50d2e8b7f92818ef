import { Driver } from './driver.mjs';

/**
 * hls.js, HLS. Has to be told what its ClearKey support does not take from a playlist: the licence URL, and that the key id is
 * all that a request needs. Without the latter it waits for a `pssh` in the media, where CMAF would rather have none.
 */
export class HlsDriver extends Driver {
  static library = '/libraries/hls.js';

  constructor(video, { license, credentials }) {
    super();
    this.video = video;
    const setCredentials = (xhr) => {
      xhr.withCredentials = credentials;
    };
    this.player = new Hls({
      emeEnabled: true,
      drmSystems: { 'org.w3.clearkey': { licenseUrl: license, generateRequest: forKeyId } },
      xhrSetup: setCredentials,
      licenseXhrSetup: setCredentials,
    });
    this.player.on(Hls.Events.ERROR, (_, { details, fatal, response, networkDetails, error }) => {
      const name = error ? `${details}: ${error.message}` : details;
      if (fatal) this.fail(name, response?.code, networkDetails?.response);
      else this.complain(name);
    });
  }

  async load(url) {
    this.player.attachMedia(this.video);
    this.player.loadSource(url);
  }

  heights() {
    return this.player.levels.map((level) => level.height);
  }

  switchTo(height) {
    this.player.currentLevel = this.heights().indexOf(height);
  }

  showSubtitles() {
    this.player.subtitleTrack = 0;
    this.player.subtitleDisplay = true;
  }
}

/** Initialization data of the kind `keyids` (W3C EME) for the key id of the playlist. */
function forKeyId(_type, _data, { decryptdata }) {
  const kid = btoa(String.fromCharCode(...decryptdata.keyId)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  return { initDataType: 'keyids', initData: new TextEncoder().encode(JSON.stringify({ kids: [kid] })) };
}
