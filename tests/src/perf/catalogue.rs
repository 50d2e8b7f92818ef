use super::figure::{
    Figure, Goal,
    Group::{self, Gate, Instances, Kernels, Manifests, Modules, Segments, Servers},
    Of::{self, Bytes, Ms, PerByte, Rate, Times, Us},
};

/// Every row there is, in the order of the table.
#[rustfmt::skip]
pub(super) const FIGURES: &[Figure] = &[
    row(Kernels, "ctr_vs_crate", Times("ctr_crate_1m", "ctr_1m"), "counter mode, 1 MiB: times as fast as aes + ctr").least(2.5, 3.3),
    row(Kernels, "ctr_vs_crate_64k", Times("ctr_crate_64k", "ctr_64k"), "counter mode, 64 KiB: times as fast as aes + ctr"),
    row(Kernels, "ctr_mb_s", Rate("ctr_1m"), "counter mode, 1 MiB"),
    row(Kernels, "ctr_crate_mb_s", Rate("ctr_crate_1m"), "the crates' counter mode"),
    row(Kernels, "chains_vs_crate", Times("chains_crate_1m", "chains_1m"), "chains, 1 MiB: times as fast as cbc").least(9.0, 14.0),
    row(Kernels, "chains_vs_crate_64k", Times("chains_crate_64k", "chains_64k"), "chains, 64 KiB: times as fast as cbc"),
    row(Kernels, "chains_vs_gathered", Times("chains_gathered_1m", "chains_1m"), "chains, 1 MiB: times as fast as aes, four chains a call").least(1.9, 2.8),
    row(Kernels, "chains_vs_gathered_64k", Times("chains_gathered_64k", "chains_64k"), "chains, 64 KiB: times as fast as aes, four a call"),
    row(Kernels, "chains_mb_s", Rate("chains_1m"), "chains"),
    row(Kernels, "chains_crate_mb_s", Rate("chains_crate_1m"), "the crate's chains"),
    row(Kernels, "chains_gathered_mb_s", Rate("chains_gathered_1m"), "the crate's chains, four a call"),
    row(Kernels, "pattern_vs_crate", Times("pattern_crate_1m", "pattern_1m"), "chains, one block of ten: times as fast as cbc"),
    row(Kernels, "pattern_mb_s", Rate("pattern_1m"), "chains, one block of ten; clear blocks counted"),
    row(Kernels, "single_vs_crate", Times("single_crate_1m", "single_1m"), "one chain, 1 MiB: times as fast as cbc").least(4.5, 6.3),
    row(Kernels, "single_vs_crate_64k", Times("single_crate_64k", "single_64k"), "one chain, 64 KiB: times as fast as cbc"),
    row(Kernels, "single_mb_s", Rate("single_1m"), "one chain"),
    row(Segments, "segment_cbcs_vs_memcpy", Times("cbcs_1080p", "memcpy_1080p"), "3 MB of 1080p: times a copy").most(5.0, 3.5).noisy(),
    row(Segments, "segment_cbcs_vs_spans", Times("cbcs_1080p", "cbcs_spans_1080p"), "3 MB of 1080p: times the kernel on the same ranges"),
    row(Segments, "segment_cbcs_vs_crates", Times("cbcs_crates_1080p", "cbcs_1080p"), "3 MB of 1080p: times as fast as by the crates"),
    row(Segments, "segment_cbcs_vs_native", Times("cbcs_1080p", "native_cbcs_1080p"), "3 MB of 1080p: times native, with AES instructions"),
    row(Segments, "segment_cbcs_ms", Ms("cbcs_1080p"), "3 MB of 1080p"),
    row(Segments, "segment_cbcs_hot_vs_memcpy", Times("cbcs_1080p_hot", "memcpy_1080p_hot"), "3 MB of 1080p, all in the caches: times a copy").noisy(),
    row(Segments, "segment_cbcs_hot_ms", Ms("cbcs_1080p_hot"), "3 MB of 1080p, all in the caches"),
    row(Segments, "segment_memcpy_ms", Ms("memcpy_1080p"), "a copy of 3 MB").noisy(),
    row(Segments, "segment_memcpy_hot_ms", Ms("memcpy_1080p_hot"), "a copy of 3 MB, all in the caches").noisy(),
    row(Segments, "segment_cbcs_chunks_vs_memcpy", Times("cbcs_chunks_1080p", "memcpy_1080p"), "3 MB of 1080p in pieces of 64 KiB: times a copy").noisy(),
    row(Segments, "segment_cbcs_one_fragment_vs_memcpy", Times("cbcs_1080p_one_fragment", "memcpy_1080p_one_fragment"), "3 MB of 1080p in one fragment: times a copy").noisy(),
    row(Segments, "segment_cbcs_360p_vs_memcpy", Times("cbcs_360p", "memcpy_360p"), "0.4 MB of 360p: times a copy").noisy(),
    row(Segments, "segment_cbcs_360p_vs_crates", Times("cbcs_crates_360p", "cbcs_360p"), "0.4 MB of 360p: times as fast as by the crates"),
    row(Segments, "segment_cbcs_360p_vs_native", Times("cbcs_360p", "native_cbcs_360p"), "0.4 MB of 360p: times native, with AES instructions"),
    row(Segments, "segment_cbcs_360p_ms", Ms("cbcs_360p"), "0.4 MB of 360p"),
    row(Segments, "segment_cbcs_2160p_vs_memcpy", Times("cbcs_2160p", "memcpy_2160p"), "10 MB of 2160p: times a copy").noisy(),
    row(Segments, "segment_cbcs_2160p_vs_crates", Times("cbcs_crates_2160p", "cbcs_2160p"), "10 MB of 2160p: times as fast as by the crates"),
    row(Segments, "segment_cbcs_2160p_vs_native", Times("cbcs_2160p", "native_cbcs_2160p"), "10 MB of 2160p: times native, with AES instructions"),
    row(Segments, "segment_cbcs_2160p_ms", Ms("cbcs_2160p"), "10 MB of 2160p"),
    row(Segments, "segment_cenc_vs_kernel", Times("cenc_1080p", "cenc_kernel_1080p"), "3 MB of 1080p: times counter mode on as many bytes").most(1.2, 1.1),
    row(Segments, "segment_cenc_vs_spans", Times("cenc_1080p", "cenc_spans_1080p"), "3 MB of 1080p: times the kernel on the same ranges"),
    row(Segments, "segment_cenc_vs_memcpy", Times("cenc_1080p", "memcpy_1080p"), "3 MB of 1080p: times a copy").noisy(),
    row(Segments, "segment_cenc_vs_crates", Times("cenc_crates_1080p", "cenc_1080p"), "3 MB of 1080p: times as fast as by the crates"),
    row(Segments, "segment_cenc_vs_native", Times("cenc_1080p", "native_cenc_1080p"), "3 MB of 1080p: times native, with AES instructions"),
    row(Segments, "segment_cenc_ms", Ms("cenc_1080p"), "3 MB of 1080p"),
    row(Segments, "segment_cenc_chunks_vs_memcpy", Times("cenc_chunks_1080p", "memcpy_1080p"), "3 MB of 1080p in pieces of 64 KiB: times a copy").noisy(),
    row(Segments, "segment_cenc_one_fragment_vs_memcpy", Times("cenc_1080p_one_fragment", "memcpy_1080p_one_fragment"), "3 MB of 1080p in one fragment: times a copy").noisy(),
    row(Segments, "segment_cenc_360p_vs_memcpy", Times("cenc_360p", "memcpy_360p"), "0.4 MB of 360p: times a copy").noisy(),
    row(Segments, "segment_cenc_360p_vs_crates", Times("cenc_crates_360p", "cenc_360p"), "0.4 MB of 360p: times as fast as by the crates"),
    row(Segments, "segment_cenc_360p_vs_native", Times("cenc_360p", "native_cenc_360p"), "0.4 MB of 360p: times native, with AES instructions"),
    row(Segments, "segment_cenc_360p_ms", Ms("cenc_360p"), "0.4 MB of 360p"),
    row(Segments, "segment_cenc_2160p_vs_memcpy", Times("cenc_2160p", "memcpy_2160p"), "10 MB of 2160p: times a copy").noisy(),
    row(Segments, "segment_cenc_2160p_vs_crates", Times("cenc_crates_2160p", "cenc_2160p"), "10 MB of 2160p: times as fast as by the crates"),
    row(Segments, "segment_cenc_2160p_vs_native", Times("cenc_2160p", "native_cenc_2160p"), "10 MB of 2160p: times native, with AES instructions"),
    row(Segments, "segment_cenc_2160p_ms", Ms("cenc_2160p"), "10 MB of 2160p"),
    row(Gate, "gate_us", Us("gate"), "a segment request's lease, keys derived").most(20.0, 5.0),
    row(Gate, "gate_lease_us", Us("gate_lease"), "the lease's verification alone"),
    row(Gate, "gate_request_us", Us("gate_request"), "a whole request, refused behind the gate"),
    row(Gate, "session_hs256_us", Us("session_hs256"), "POST /v1/sessions, HS256"),
    row(Gate, "session_rs256_us", Us("session_rs256"), "POST /v1/sessions, RS256"),
    row(Gate, "session_es256_us", Us("session_es256"), "POST /v1/sessions, ES256"),
    row(Gate, "session_eddsa_us", Us("session_eddsa"), "POST /v1/sessions, EdDSA"),
    row(Manifests, "manifest_descriptor_us", Us("descriptor"), "two hours, ten tracks: the descriptor read"),
    row(Manifests, "manifest_hls_multivariant_us", Us("hls_multivariant"), "HLS multivariant playlist"),
    row(Manifests, "manifest_hls_media_us", Us("hls_media"), "HLS media playlist, 3600 segments"),
    row(Manifests, "manifest_mpd_us", Us("mpd"), "DASH manifest"),
    row(Modules, "module_fastly_bytes", Bytes("module_fastly"), "release build for Fastly").most(1.2e6, 0.9e6),
    row(Modules, "module_spin_bytes", Bytes("module_spin"), "release build for Spin").most(0.8e6, 0.5e6),
    row(Instances, "instance_spin_us", Us("instance_spin"), "to make an instance; its memory is touched later").noisy(),
    row(Instances, "instance_fastly_us", Us("instance_fastly"), "first health check over the next ones").noisy(),
    row(Instances, "instance_health_spin_us", Us("health_spin"), "a health check's latency, an instance for each").noisy(),
    row(Instances, "instance_health_fastly_us", Us("health_fastly"), "a health check's latency").noisy(),
    row(Servers, "request_cbcs_vs_clear_spin", Times("spin_cbcs", "spin_clear"), "CPU of a 1080p segment on Spin: times clear pass-through").most(1.5, 1.25).noisy(),
    row(Servers, "request_cbcs_vs_clear_fastly", Times("fastly_cbcs", "fastly_clear"), "CPU of a 1080p segment on Fastly: times clear pass-through").most(1.5, 1.25).noisy(),
    row(Servers, "request_cenc_vs_clear_spin", Times("spin_cenc", "spin_clear"), "CPU of a 1080p segment in cenc on Spin: times clear").noisy(),
    row(Servers, "request_cenc_vs_clear_fastly", Times("fastly_cenc", "fastly_clear"), "CPU of a 1080p segment in cenc on Fastly: times clear").noisy(),
    row(Servers, "server_cbcs_vs_nginx_static_spin", PerByte("spin_cbcs", "nginx"), "CPU per byte, cbcs on Spin: times nginx, static").most(4.0, 2.5).noisy(),
    row(Servers, "server_cbcs_vs_nginx_static_fastly", PerByte("fastly_cbcs", "nginx"), "CPU per byte, cbcs on Fastly: times nginx, static").most(4.0, 2.5).noisy(),
    row(Servers, "server_clear_vs_nginx_static_spin", PerByte("spin_clear", "nginx"), "CPU per byte, clear on Spin: times nginx, static").noisy(),
    row(Servers, "server_clear_vs_nginx_static_fastly", PerByte("fastly_clear", "nginx"), "CPU per byte, clear on Fastly: times nginx, static").noisy(),
    row(Servers, "server_cenc_vs_nginx_static_spin", PerByte("spin_cenc", "nginx"), "CPU per byte, cenc on Spin: times nginx, static").noisy(),
    row(Servers, "server_cenc_vs_nginx_static_fastly", PerByte("fastly_cenc", "nginx"), "CPU per byte, cenc on Fastly: times nginx, static").noisy(),
    row(Servers, "server_cbcs_mb_s_spin", Rate("spin_cbcs"), "MB per CPU second, cbcs on Spin").noisy(),
    row(Servers, "server_cbcs_mb_s_fastly", Rate("fastly_cbcs"), "MB per CPU second, cbcs on Fastly").noisy(),
    row(Servers, "server_clear_mb_s_spin", Rate("spin_clear"), "MB per CPU second, clear on Spin").noisy(),
    row(Servers, "server_clear_mb_s_fastly", Rate("fastly_clear"), "MB per CPU second, clear on Fastly").noisy(),
    row(Servers, "server_nginx_sendfile_mb_s", Rate("nginx_sendfile"), "MB per CPU second, nginx, sendfile on").noisy(),
    row(Servers, "server_nginx_read_mb_s", Rate("nginx_read"), "MB per CPU second, nginx, sendfile off").noisy(),
];

const fn row(group: Group, name: &'static str, of: Of, what: &'static str) -> Figure {
    Figure { name, group, of, goal: Goal::None, noisy: false, what }
}

impl Figure {
    const fn least(mut self, accept: f64, aim: f64) -> Self {
        self.goal = Goal::AtLeast { accept, aim };
        self
    }

    const fn most(mut self, accept: f64, aim: f64) -> Self {
        self.goal = Goal::AtMost { accept, aim };
        self
    }

    const fn noisy(mut self) -> Self {
        self.noisy = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_groups_stand_together() {
        let names: BTreeSet<_> = FIGURES.iter().map(|figure| figure.name).collect();
        assert_eq!(names.len(), FIGURES.len());
        assert!(FIGURES.is_sorted_by_key(|figure| figure.group));
    }
}
