//! The texts about a key's settings and its life, in Indonesian.

use crate::{domain::scope::Area, portal::texts::keys::KeyTexts, store::audit_trail::Action};

pub(super) static KEYS: KeyTexts = KeyTexts {
    may_do: "Yang boleh dilakukan",
    everything: "Semuanya",
    read_everything: "Membaca semuanya, tanpa mengubah apa pun",
    chosen: "Hanya yang Anda pilih",
    reads_everything: "Membaca semuanya",
    area: |area| match area {
        Area::Tickets => "Tiket",
        Area::CannedReplies => "Balasan siap pakai",
        Area::ApiKeys => "Kunci API",
        Area::Webhooks => "Webhook",
        Area::Channels => "Saluran",
        Area::Billing => "Penagihan",
    },
    no_access: "tidak ada",
    read_access: "membaca",
    write_access: "membaca dan mengubah",
    only_reads: "(hanya membaca)",

    more: "Batasi yang boleh dilakukan, sampai kapan, dari mana",
    expires: "Kedaluwarsa",
    never: "Tidak pernah",
    lives: [
        (30, "Dalam 30 hari"),
        (90, "Dalam 90 hari"),
        (365, "Dalam 365 hari"),
    ],
    on_a_date: "Pada tanggal tertentu",
    date_and_time: "Tanggal dan waktu",
    addresses: "Alamat yang boleh memakainya",
    addresses_hint: "Satu di setiap baris: sebuah alamat, atau sebuah blok seperti 203.0.113.0/24. Kosongkan untuk \
                     mengizinkan semua.",
    any_address: "Semua",
    limit: "Panggilan per menit",
    limit_hint: "Kosongkan untuk sebanyak yang diizinkan Suppuo.",
    highest_limit: "Sebanyak yang diizinkan Suppuo",

    active: "Aktif",
    switched_on: "Dinyalakan",
    switched_off: "Dimatikan",
    expires_on: "Kedaluwarsa pada",
    expires_soon: "Akan segera kedaluwarsa, pada",
    expired: "Sudah kedaluwarsa pada",
    old_key_until: "Kunci lama berfungsi sampai",
    by: "oleh",

    you: "Anda",
    api_key: "Kunci API",
    operator: "pengelola Suppuo",
    github: "GitHub, yang menemukannya di tempat umum",
    leak_report: "seseorang yang menemukannya di tempat umum",
    unknown: "tidak diketahui",

    search: "Cari",
    sort: "Urutkan",
    newest: "Terbaru dulu",
    by_name: "Menurut nama",
    by_use: "Paling baru dipakai",
    by_expiry: "Paling cepat kedaluwarsa",
    found: "{count} dari {all} kunci",

    all_keys: "Semua kunci API",
    no_script: "JavaScript tidak aktif. Anda dapat membaca semua tentang kunci ini dan keluar, tetapi tidak dapat \
                mengubahnya di sini.",
    no_script_commands: "Anda dapat mengubahnya dengan perintah. Isi SUPPUO_TOKEN dengan token akses Huudis atau \
                         kunci lain di ruang kerja ini. Perintah berikut mengganti nama kunci, mematikannya, \
                         membatasinya, menggantinya dengan yang baru, mengakhiri kunci lama, dan mencabutnya:",
    script_missing: "Sebagian halaman ini gagal dimuat, jadi Anda tidak dapat mengubah kunci.",
    created: "Dibuat",
    old_key: "Kunci lama",
    works_until: "berfungsi sampai",
    last_used: "terakhir dipakai",
    not_used_since: "tidak dipakai sejak kunci diganti",

    settings: "Pengaturan",
    save: "Simpan perubahan",
    saving: "Sedang menyimpan…",
    was_saved: "Perubahan pada {name} telah disimpan.",
    nothing_to_save: "Kunci {name} sudah seperti ini.",
    switch_off: "Matikan",
    switching_off: "Sedang mematikan…",
    was_switched_off: "Kunci {name} telah dimatikan. Panggilan dengan kunci ini ditolak sampai Anda menyalakannya \
                       lagi.",
    switch_on: "Nyalakan",
    switching_on: "Sedang menyalakan…",
    was_switched_on: "Kunci {name} telah dinyalakan.",

    rotate: "Ganti kunci",
    rotate_title: "Ganti kunci ini dengan yang baru?",
    rotate_consequence: "Anda mendapat kunci baru dengan pengaturan yang sama. Kunci yang sekarang masih berfungsi \
                         untuk sementara, agar Anda dapat memasang yang baru tanpa gangguan.",
    supersedes: "Kunci yang lebih lama masih berfungsi. Kunci itu berhenti begitu Anda mengganti kunci.",
    old_key_works: "Kunci yang sekarang berfungsi",
    rotating: "Sedang mengganti…",
    was_rotated: "Kunci {name} telah diganti.",
    end: "Akhiri kunci lama",
    end_title: "Akhiri kunci lama sekarang?",
    end_consequence: "Apa pun yang masih memakai kunci lama langsung berhenti berfungsi. Kunci baru tetap berfungsi.",
    ending: "Sedang mengakhiri…",
    was_ended: "Kunci lama dari {name} tidak berfungsi lagi.",

    usage: "Panggilan dalam 30 hari terakhir",
    no_calls: "Tidak ada panggilan.",
    together: "Seluruhnya:",
    most_in_a_day: "Terbanyak dalam sehari:",
    numbers: "Tampilkan angkanya",
    day: "Hari (UTC)",
    calls: "Panggilan",

    history: "Riwayat",
    kept_a_year: "Semua perubahan kunci ini dalam setahun terakhir.",
    no_history: "Tidak ada catatan.",
    no_older: "Tidak ada catatan yang lebih lama.",
    older: "Catatan yang lebih lama",
    newest_again: "Catatan terbaru",
    action: |action| match action {
        Action::Created => "Dibuat",
        Action::Changed => "Diubah",
        Action::Rotated => "Diganti",
        Action::OverlapEnded => "Kunci lama diakhiri",
        Action::Revoked => "Dicabut",
        Action::Exposed => "Ditemukan di tempat umum",
    },
    yes: "ya",
    no: "tidak",
    from: "dari",

    scopes_rule: "Pilih setidaknya satu bagian.",
    expiry_rule: "Pilih waktu paling cepat 1 jam dan paling lambat 5 tahun dari sekarang.",
    addresses_rule: "Isi paling banyak 20 alamat atau blok, satu di setiap baris. Blok dimulai dengan alamat \
                     pertamanya: 203.0.113.0/24, bukan 203.0.113.7/24.",
    limit_rule: "Isi bilangan bulat 1 atau lebih, di bawah batas Suppuo, atau kosongkan.",
    shuts_you_out: "Dengan alamat ini, kunci tidak berfungsi dari tempat Anda sekarang. Simpan lagi untuk tetap \
                    melakukannya.",
    conflict: "Orang lain mengubah kunci ini pada saat yang sama, jadi perubahan Anda tidak disimpan. Muat ulang \
               halaman, lalu coba lagi.",
    maybe_rotated: "Kami tidak tahu apakah kunci sudah diganti. Muat ulang halaman. Jika riwayat memiliki catatan \
                    “Diganti” yang baru, kunci baru sudah dibuat dan tidak dapat ditampilkan.",
    not_rotated: "Kunci belum diganti. Coba lagi.",
    rotated_unseen: "Kunci baru sudah dibuat, tetapi jawabannya hilang dan tidak dapat ditampilkan. Yang memakai \
                     kunci lama tetap berfungsi selama yang tertulis di halaman ini. Ganti lagi bila Anda dapat \
                     langsung memasang kunci baru: kunci lama lalu berhenti.",
};
