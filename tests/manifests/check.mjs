// The manifests of descriptor.json, read by video.js's parsers: mpd-parser for DASH, m3u8-parser for HLS.
// Both protocols must name the same segments with the same durations, those of the descriptor.
// Usage: node check.mjs DESCRIPTOR.json OUT   (OUT/{cenc,cbcs}/ as the packager's example `manifests` writes them)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Parser } from 'm3u8-parser';
import { parse } from 'mpd-parser';

const [descriptorFile, out] = process.argv.slice(2);
const descriptor = JSON.parse(readFileSync(descriptorFile, 'utf8'));
const base = 'https://edge.example/v1/film/s/';
let passed = 0;

function hls(file) {
  const parser = new Parser();
  parser.push(readFileSync(file, 'utf8'));
  parser.end();
  return parser.manifest;
}

function expected(track) {
  const durations = track.timeline.runs.flatMap((run) => Array(run.n).fill(run.d / track.timescale));
  const extension = track.kind === 'text' ? 'vtt' : 'm4s';
  return durations.map((duration, at) => [`${base}${track.id}/${at + 1}.${extension}?v=${descriptor.version}`, duration]);
}

function same(actual, track, where) {
  const want = expected(track);
  assert.deepEqual(actual.map(([uri]) => uri), want.map(([uri]) => uri), where);
  actual.forEach(([, duration], at) => assert.ok(Math.abs(duration - want[at][1]) < 1e-3, `${where} ${duration} ${want[at][1]}`));
  passed += 1;
}

for (const scheme of ['cenc', 'cbcs']) {
  const warnings = [];
  const mpd = parse(readFileSync(`${out}/${scheme}/manifest.mpd`, 'utf8'), {
    manifestUri: `${base}manifest.mpd`,
    eventHandler: ({ type, message }) => { if (type === 'warn') warnings.push(message); },
  });
  assert.deepEqual(warnings, []);
  const { AUDIO, SUBTITLES } = mpd.mediaGroups;
  const groups = [AUDIO, SUBTITLES].flatMap((group) => Object.values(group)).flatMap((group) => Object.values(group));
  const playlists = [...mpd.playlists, ...groups.flatMap((group) => group.playlists)];
  const inMpd = new Map(playlists.map((playlist) => [playlist.attributes.NAME, playlist]));
  assert.equal(inMpd.size, descriptor.tracks.length);
  // mpd-parser knows ClearKey by 1077efec alone, which does not belong here: it must see none.
  const systems = ['mp4protection', 'com.widevine.alpha', 'com.microsoft.playready'];

  const main = hls(`${out}/${scheme}/main.m3u8`);
  const videos = descriptor.tracks.filter((track) => track.kind === 'video');
  assert.deepEqual(main.playlists.map((variant) => variant.uri), videos.map((track) => `${track.id}.m3u8`));
  main.playlists.forEach((variant, at) => {
    assert.equal(variant.attributes.CODECS, `${videos[at].codec},mp4a.40.2`);
    assert.ok(main.mediaGroups.AUDIO[variant.attributes.AUDIO] && main.mediaGroups.SUBTITLES[variant.attributes.SUBTITLES]);
  });

  for (const track of descriptor.tracks) {
    const playlist = inMpd.get(track.id);
    same(playlist.segments.map((segment) => [segment.resolvedUri, segment.duration]), track, `${scheme} DASH ${track.id}`);
    assert.ok(Math.abs(playlist.segments[0].presentationTime) < 1e-6, `${track.id} begins with the period`);
    if (track.kind !== 'text') {
      assert.equal(playlist.segments[0].map.resolvedUri, `${base}${track.id}/init.mp4?v=r1`);
      const listed = Object.keys(playlist.contentProtection);
      assert.deepEqual(listed, systems);
      assert.ok(playlist.contentProtection['com.widevine.alpha'].pssh.length > 0);
    } else {
      assert.equal(playlist.contentProtection, undefined);
    }
    const media = hls(`${out}/${scheme}/${track.id}.m3u8`);
    assert.ok(media.endList && media.playlistType === 'VOD');
    same(media.segments.map((segment) => [new URL(segment.uri, base).href, segment.duration]), track, `${scheme} HLS ${track.id}`);
    if (track.kind !== 'text') assert.equal(media.segments[0].map.uri, `${track.id}/init.mp4?v=r1`);
  }
}
console.log(`manifests: ${passed} track listings agree`);
