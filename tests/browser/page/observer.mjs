/** The sample title's picture, as the page shows it: a patch in the corner, and the bar of 75 % white beside it. */
const PATCH = { at: [40, 22], colour: [0x20, 0x60, 0xe0] };
const BAR = { at: [96, 22], colour: [191, 191, 191] };
/** The part of the page that has both. */
const CLIP = { x: 0, y: 0, width: 112, height: 40 };
/** What encoding at low rates and the conversion to RGB may change of a colour's component. */
const TOLERANCE = 16;

/** What of the title reaches the screen and the loudspeaker. */
export class Observer {
  constructor(video) {
    this.video = video;
    /** The newest frame composed: its media time and size. */
    this.presented = { time: -1, width: 0, height: 0 };
    /** The patch's colour on the newest screenshot, `#rrggbb`. */
    this.patch = '';
    const next = (_, { mediaTime, width, height }) => {
      this.presented = { time: mediaTime, width, height };
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  }

  /** Frames decoded so far. */
  frames() {
    return this.video.getVideoPlaybackQuality().totalVideoFrames;
  }

  /** Bytes of audio decoded so far. */
  audio() {
    return this.video.webkitAudioDecodedByteCount;
  }

  /**
   * Whether the picture on the screen is the title's. By screenshot: Chromium gives a canvas no frame of encrypted media.
   */
  async isTitle() {
    const png = await fetch(`data:image/png;base64,${await window.screenshot(CLIP)}`);
    const canvas = new OffscreenCanvas(CLIP.width, CLIP.height).getContext('2d');
    canvas.drawImage(await createImageBitmap(await png.blob()), 0, 0);
    const pixel = ([x, y]) => [...canvas.getImageData(x, y, 1, 1).data.slice(0, 3)];
    this.patch = `#${pixel(PATCH.at).map((component) => component.toString(16).padStart(2, '0')).join('')}`;
    return [PATCH, BAR].every(({ at, colour }) =>
      pixel(at).every((component, index) => Math.abs(component - colour[index]) <= TOLERANCE),
    );
  }

  /** Whether the browser shows subtitles, and has some. */
  hasCues() {
    return this.#shown().some((track) => track.cues?.length > 0);
  }

  /** The text of the cues that the browser shows now. */
  cues() {
    return this.#shown().flatMap((track) => [...(track.activeCues ?? [])]).map((cue) => cue.text);
  }

  #shown() {
    return [...this.video.textTracks].filter((track) => track.mode === 'showing');
  }
}
