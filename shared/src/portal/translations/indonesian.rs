//! The texts of the pages in Indonesian.

mod keys;
mod webhooks;

use crate::portal::texts::{Problem, Texts, Unit};

pub(in crate::portal) static INDONESIAN: Texts = Texts {
    locale: "id",
    skip: "Langsung ke isi utama",
    language: "Bahasa",
    signed_in_as: "Masuk sebagai",
    api_reference: "Referensi API",
    workspace: "Ruang kerja",
    sign_out: "Keluar",
    signing_out: "Sedang keluar…",
    pages: "Halaman",
    keys: &keys::KEYS,
    webhooks: &webhooks::WEBHOOKS,

    api_keys: "Kunci API",
    lead: "Perangkat lunak Anda memakai kunci untuk mengelola tiket di ruang kerja ini. Perlakukan kunci seperti \
           kata sandi: siapa pun yang memilikinya dapat memakainya.",
    show: "Tampilkan",
    all: "Semua",
    not_used_for_90_days: "Tidak dipakai selama 90 hari",
    none_match: "Semua kunci di sini dipakai dalam 90 hari terakhir, atau dibuat kurang dari 90 hari yang lalu.",
    name: "Nama",
    key: "Kunci",
    created: "Dibuat",
    last_used: "Terakhir dipakai",
    actions: "Tindakan",
    never: "belum pernah",
    unused_since: "Tidak dipakai sejak",
    never_used_since: "Belum pernah dipakai sejak dibuat pada",
    no_keys: "Ruang kerja ini tidak memiliki kunci",
    none_left: "Tidak ada kunci yang tersisa",
    what_a_key_is_for: "Dengan kunci, toko daring, bot obrolan, atau skrip Anda dapat membaca, membuat, dan \
                        menjawab tiket tanpa ada yang perlu masuk. Beri masing-masing kuncinya sendiri, agar \
                        Anda dapat mencabut satu kunci tanpa mengganggu yang lain.",
    a_call: "Contoh permintaan dengan kunci:",
    no_script: "JavaScript tidak aktif. Anda dapat melihat dan menyaring kunci serta keluar, tetapi tidak dapat \
                membuat atau mencabut kunci di sini.",
    no_script_commands: "Keduanya dapat dilakukan dengan perintah. Isi SUPPUO_TOKEN dengan kunci ruang kerja ini \
                         atau token akses Huudis. Perintah curl yang pertama menampilkan semua kunci beserta \
                         ID-nya.",
    script_missing: "Sebagian halaman ini gagal dimuat, jadi Anda tidak dapat membuat atau mencabut kunci.",
    reload: "Muat ulang halaman",

    create: "Buat kunci",
    create_title: "Buat kunci baru",
    name_hint: "Sebutkan apa yang akan memakai kunci ini, agar mudah Anda kenali nanti. Paling banyak 120 \
                karakter.",
    example_name: "Toko daring",
    creating: "Sedang membuat…",
    cancel: "Batal",
    new_key: "Kunci baru Anda",
    shown_once: "Salin kunci ini sekarang dan simpan di tempat yang aman. Kunci ini tidak akan ditampilkan lagi.",
    try_it: "Coba dengan perintah berikut:",
    copy_key: "Salin kunci",
    copy_command: "Salin perintah",
    copied: "Tersalin",
    copied_key: "Kunci tersalin",
    copied_command: "Perintah tersalin",
    selected: "Sudah dipilih. Tekan Ctrl+C, atau ⌘C di Mac, untuk menyalin.",
    done: "Selesai",
    not_saved: "Anda belum menyalin kunci ini. Kunci ini tidak akan ditampilkan lagi.",
    saved: "Saya sudah menyimpan kunci",
    was_created: "Kunci {name} telah dibuat.",
    overlaps: [
        (0, "tidak lagi: langsung berhenti"),
        (3600, "selama 1 jam"),
        (86_400, "selama 24 jam"),
        (604_800, "selama 7 hari"),
    ],

    revoke: "Cabut",
    revoke_title: "Cabut kunci ini?",
    revoke_consequence: "Apa pun yang memakai kunci ini langsung berhenti berfungsi. Tindakan ini tidak dapat \
                         dibatalkan.",
    revoke_confirm: "Cabut kunci",
    revoking: "Sedang mencabut…",
    was_revoked: "Kunci {name} telah dicabut.",
    was_gone: "Kunci {name} sudah dicabut sebelumnya.",

    name_rule: "Beri kunci ini nama sepanjang 1 sampai 120 karakter.",
    full: "Ruang kerja ini sudah memiliki 100 kunci, jumlah terbanyak yang diizinkan. Untuk membuat kunci baru, \
           cabut dulu satu kunci yang tidak Anda perlukan lagi.",
    conflict: "Orang lain sedang mengubah kunci di ruang kerja ini, atau jumlahnya sudah 100. Tidak ada yang \
               diubah.",
    limited: "Terlalu banyak permintaan dalam waktu singkat. Tidak ada yang diubah. Coba lagi {when}.",
    a_moment: "nanti",
    failed: "Terjadi kesalahan di pihak kami. Muat ulang halaman untuk melihat apakah perubahan Anda berhasil.",
    unreachable: "Suppuo tidak dapat dihubungi. Tidak ada yang diubah.",
    no_answer: "Suppuo tidak menjawab, jadi kami tidak tahu apakah perubahan Anda berhasil. Periksa koneksi \
                Anda, lalu muat ulang halaman untuk melihatnya.",
    refused: "Suppuo menolak permintaan ini. Tidak ada yang diubah. Muat ulang halaman, lalu coba lagi.",
    session_over: "Sesi Anda sudah berakhir. Tidak ada yang diubah.",
    maybe_created: "Kami tidak tahu apakah kunci sudah dibuat. Muat ulang halaman. Jika kunci itu ada di daftar, \
                    cabut dan buat yang baru, karena kunci itu tidak dapat ditampilkan lagi.",
    other_workspace: "Seseorang sudah masuk ke ruang kerja lain di peramban ini. Tidak ada yang diubah. Muat \
                      ulang halaman.",
    reference: "Referensi",
    write_to_us: "Hubungi kami",
    and_quote: "dan sebutkan",
    sign_in_again: "Masuk lagi",
    signed_out: "Anda sudah keluar",
    keys_keep_working: "Kunci Anda tetap berfungsi.",

    sign_in_not_completed: Problem {
        title: "Anda belum berhasil masuk",
        text: "Huudis tidak dapat memastikan identitas Anda, atau Anda membatalkannya. Silakan masuk lagi.",
        link_text: "Masuk lagi",
    },
    sign_in_expired: Problem {
        title: "Proses masuk ini sudah kedaluwarsa",
        text: "Setiap proses masuk hanya berlaku sekali, selama sepuluh menit, dan di peramban \
               tempat Anda memulainya. Silakan mulai lagi.",
        link_text: "Masuk lagi",
    },
    no_workspace: Problem {
        title: "Akun Anda tidak memiliki ruang kerja",
        text: "Huudis mengenal Anda, tetapi akun Anda bukan anggota ruang kerja Suppuo mana pun. \
               Mintalah pengelola ruang kerja toko Anda untuk menambahkan Anda, atau masuk dengan \
               akun lain.",
        link_text: "Masuk dengan akun lain",
    },
    too_many_calls: Problem {
        title: "Terlalu banyak permintaan",
        text: "Permintaan Anda telah mencapai batas per menit. Coba lagi dalam {seconds} detik.",
        link_text: "Coba lagi",
    },
    our_fault: Problem {
        title: "Terjadi kesalahan di pihak kami",
        text: "Ini kesalahan kami, bukan Anda. Silakan coba beberapa saat lagi.",
        link_text: "Coba lagi",
    },
    no_such_page: Problem {
        title: "Halaman ini tidak ada",
        text: "Mungkin alamatnya salah ketik, atau halamannya sudah dihapus.",
        link_text: "Buka kunci API Anda",
    },
    not_accepted: Problem {
        title: "Permintaan Anda tidak diterima",
        text: "Peramban Anda mengirim sesuatu yang tidak sesuai untuk halaman ini. Tidak ada yang diubah. \
               Silakan buka kembali halamannya.",
        link_text: "Buka kunci API Anda",
    },
    concurrent_change: Problem {
        title: "Permintaan Anda belum berhasil",
        text: "Orang lain sedang mengubah hal yang sama pada saat bersamaan. Tidak ada yang diubah.",
        link_text: "Coba lagi",
    },

    just_now: "baru saja",
    minute: Unit {
        one: "menit",
        many: "menit",
    },
    hour: Unit {
        one: "jam",
        many: "jam",
    },
    day: Unit {
        one: "hari",
        many: "hari",
    },
    month: Unit {
        one: "bulan",
        many: "bulan",
    },
    year: Unit {
        one: "tahun",
        many: "tahun",
    },
    ago: "yang lalu",
    months: [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ],
    hour_and_minute: '.',
};
