use std::{fs, path::Path};

use crate::{
    indexing::made::{Work, input},
    process, tools,
};

/// Indexes `source` and compares every sample in the store with the input's, as ffmpeg reads both. `tracks`: the ids and numbers of segments, video first;
/// `language`: of the audio.
pub(super) fn assert_indexed(work: &Work, source: &str, tracks: &[(&str, usize)], language: Option<&str>) {
    let (status, told, said) = work.sluice(&["index", source, "--title", "film", "--out", "store"]);
    assert!(status, "{source}: {said}");
    let document = work.read("store/film/descriptor.json");
    let descriptor: serde_json::Value = serde_json::from_str(&document).expect("a descriptor");
    let listed: Vec<&str> = descriptor["tracks"]
        .as_array()
        .expect("tracks")
        .iter()
        .map(|track| track["id"].as_str().expect("an id"))
        .collect();
    let wanted: Vec<&str> = tracks.iter().map(|(id, _)| *id).collect();
    assert_eq!(listed, wanted, "{source}: {told}");
    assert_eq!(descriptor["tracks"][1]["language"].as_str(), Some(language.unwrap_or("und")), "{source}");
    let version = work.path(&format!("store/film/{}", descriptor["version"].as_str().expect("a version")));
    for ((id, segments), map) in tracks.iter().zip(["0:v", "0:a"]) {
        let folder = version.join(id);
        let numbered = fs::read_dir(&folder).expect("lists").filter(|entry| {
            entry.as_ref().expect("lists").path().extension().is_some_and(|extension| extension == "m4s")
        });
        assert_eq!(numbered.count(), *segments, "{source}: segments of {id}");
        assert_eq!(samples_of_store(&folder, *segments), samples_of_input(map), "{source}: samples of {id}");
    }
    fs::remove_dir_all(work.path("store")).expect("removes");
}

fn samples_of_store(folder: &Path, segments: usize) -> Vec<String> {
    let files = std::iter::once("init.mp4".to_owned()).chain((1..=segments).map(|number| format!("{number}.m4s")));
    let track: Vec<u8> = files.flat_map(|name| tools::read(&folder.join(name))).collect();
    samples(&process::ffmpeg_packets(&track, None).unwrap_or_else(|said| panic!("{said}")))
}

fn samples_of_input(map: &str) -> Vec<String> {
    let path = input().to_str().expect("a path in UTF-8");
    let arguments = ["-v", "error", "-i", path, "-map", map, "-c", "copy", "-f", "framehash", "-hash", "md5", "-"];
    let hashes = String::from_utf8(tools::ffmpeg(&arguments, &[])).expect("hashes are ASCII");
    let samples = samples(&hashes);
    assert!(samples.len() > 100, "hardly a sample in the input");
    samples
}

/// Size and hash of each packet: packagers move times by edit lists, and the input has side data on how to trim.
fn samples(hashes: &str) -> Vec<String> {
    let lines = hashes.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(',').skip(4).take(2).map(str::trim).collect::<Vec<_>>().join(" ")).collect()
}
