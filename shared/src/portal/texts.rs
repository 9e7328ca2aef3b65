//! All words of the pages, in both languages. A text that is missing in one does not compile.
//!
//! `{name}`, `{when}` and `{key}` stand for what the script puts there, `{seconds}` for how long somebody is to wait.

use crate::http::language::Language;

/// The words of one language.
pub(super) struct Texts {
    /// How the script writes dates: a day before its month, as the server does.
    pub(super) locale: &'static str,
    pub(super) skip: &'static str,
    pub(super) language: &'static str,
    pub(super) signed_in_as: &'static str,
    pub(super) workspace: &'static str,
    pub(super) sign_out: &'static str,
    pub(super) signing_out: &'static str,

    // The list.
    pub(super) api_keys: &'static str,
    pub(super) lead: &'static str,
    pub(super) show: &'static str,
    pub(super) all: &'static str,
    pub(super) not_used_for_90_days: &'static str,
    pub(super) none_match: &'static str,
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) created: &'static str,
    pub(super) last_used: &'static str,
    pub(super) actions: &'static str,
    pub(super) never: &'static str,
    /// A day follows.
    pub(super) unused_since: &'static str,
    /// A day follows.
    pub(super) never_used_since: &'static str,
    pub(super) no_keys: &'static str,
    /// After the last was revoked.
    pub(super) none_left: &'static str,
    pub(super) what_a_key_is_for: &'static str,
    pub(super) a_call: &'static str,
    pub(super) no_script: &'static str,
    pub(super) no_script_commands: &'static str,
    pub(super) script_missing: &'static str,
    pub(super) reload: &'static str,

    // Creating.
    pub(super) create: &'static str,
    pub(super) create_title: &'static str,
    pub(super) name_hint: &'static str,
    pub(super) example_name: &'static str,
    pub(super) creating: &'static str,
    pub(super) cancel: &'static str,
    pub(super) new_key: &'static str,
    pub(super) shown_once: &'static str,
    pub(super) try_it: &'static str,
    pub(super) copy_key: &'static str,
    pub(super) copy_command: &'static str,
    pub(super) copied: &'static str,
    pub(super) copied_key: &'static str,
    pub(super) copied_command: &'static str,
    pub(super) selected: &'static str,
    pub(super) done: &'static str,
    pub(super) not_saved: &'static str,
    pub(super) saved: &'static str,
    pub(super) was_created: &'static str,

    // Revoking.
    pub(super) revoke: &'static str,
    pub(super) revoke_title: &'static str,
    pub(super) revoke_consequence: &'static str,
    pub(super) revoke_confirm: &'static str,
    pub(super) revoking: &'static str,
    pub(super) was_revoked: &'static str,
    pub(super) was_gone: &'static str,

    // What a call of the script may come to.
    pub(super) name_rule: &'static str,
    pub(super) full: &'static str,
    pub(super) conflict: &'static str,
    pub(super) limited: &'static str,
    pub(super) a_moment: &'static str,
    pub(super) failed: &'static str,
    /// Where nothing was sent.
    pub(super) unreachable: &'static str,
    /// Where something was sent.
    pub(super) no_answer: &'static str,
    pub(super) refused: &'static str,
    pub(super) session_over: &'static str,
    pub(super) maybe_created: &'static str,
    pub(super) other_workspace: &'static str,
    /// Stands before what an error is quoted by. Where there is somebody to write to, [`Self::write_to_us`] (a link)
    /// and [`Self::and_quote`] stand there instead.
    pub(super) reference: &'static str,
    pub(super) write_to_us: &'static str,
    pub(super) and_quote: &'static str,
    pub(super) sign_in_again: &'static str,
    pub(super) signed_out: &'static str,
    pub(super) keys_keep_working: &'static str,

    // The page of problems.
    pub(super) sign_in_not_completed: Problem,
    pub(super) sign_in_stale: Problem,
    pub(super) no_workspace: Problem,
    pub(super) too_many_calls: Problem,
    pub(super) our_fault: Problem,
    pub(super) no_such_page: Problem,
    /// Of a request that is none that a page is asked for with: too large, say, or with a credential that is wrong.
    pub(super) not_taken: Problem,
    pub(super) in_the_way: Problem,

    // Moments.
    pub(super) just_now: &'static str,
    pub(super) minute: Unit,
    pub(super) hour: Unit,
    pub(super) day: Unit,
    pub(super) month: Unit,
    pub(super) year: Unit,
    /// Follows a count and a unit.
    pub(super) ago: &'static str,
    pub(super) months: [&'static str; 12],
    /// What stands between an hour and its minutes.
    pub(super) hour_and_minute: char,
}

/// What went wrong, and what to do about it.
pub(super) struct Problem {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// The link's words.
    pub(super) way_on: &'static str,
}

/// A unit of time, as it stands after a number.
pub(super) struct Unit {
    pub(super) one: &'static str,
    pub(super) many: &'static str,
}

impl Texts {
    /// The words of `language`.
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Indonesian => &INDONESIAN,
        }
    }
}

static ENGLISH: Texts = Texts {
    locale: "en-GB",
    skip: "Skip to the main content",
    language: "Language",
    signed_in_as: "Signed in as",
    workspace: "Workspace",
    sign_out: "Sign out",
    signing_out: "Signing out…",

    api_keys: "API keys",
    lead: "Your own software uses a key to work with this workspace’s tickets. Treat it like a password: anyone \
           who has it can use it.",
    show: "Show",
    all: "All",
    not_used_for_90_days: "Not used for 90 days",
    none_match: "Every key here was used in the last 90 days, or is newer than that.",
    name: "Name",
    key: "Key",
    created: "Created",
    last_used: "Last used",
    actions: "Actions",
    never: "never",
    unused_since: "Not used since",
    never_used_since: "Never used since it was created on",
    no_keys: "This workspace has no keys",
    none_left: "No keys left",
    what_a_key_is_for: "With a key, your web shop, a chat bot or a script can read, create and answer tickets \
                        without anyone signing in. Give each one its own key, so that you can revoke one and \
                        leave the others alone.",
    a_call: "A request with a key looks like this:",
    no_script: "JavaScript is off. You can see and filter your keys and sign out, but you cannot create or \
                revoke keys here.",
    no_script_commands: "Commands can do both. Put a key of this workspace, or a Huudis access token, into \
                         SUPPUO_TOKEN. The first curl lists the keys with their IDs.",
    script_missing: "Part of this page did not load, so you cannot create or revoke keys.",
    reload: "Reload the page",

    create: "Create key",
    create_title: "Create a key",
    name_hint: "Say what will use the key, so that you recognise it later. Up to 120 characters.",
    example_name: "Web shop",
    creating: "Creating…",
    cancel: "Cancel",
    new_key: "Your new key",
    shown_once: "Copy the key now and keep it in a safe place. It will not be shown again.",
    try_it: "Try it with these commands:",
    copy_key: "Copy key",
    copy_command: "Copy commands",
    copied: "Copied",
    copied_key: "Key copied",
    copied_command: "Commands copied",
    selected: "Selected. Press Ctrl+C, or ⌘C on a Mac, to copy.",
    done: "Done",
    not_saved: "You have not copied the key. It will not be shown again.",
    saved: "I have saved the key",
    was_created: "Key {name} created.",

    revoke: "Revoke",
    revoke_title: "Revoke this key?",
    revoke_consequence: "Anything using this key stops working immediately. You cannot undo this.",
    revoke_confirm: "Revoke key",
    revoking: "Revoking…",
    was_revoked: "Key {name} revoked.",
    was_gone: "Key {name} was already revoked.",

    name_rule: "Give the key a name of 1 to 120 characters.",
    full: "This workspace has 100 keys, and that is the most it can have. To create another, first revoke one \
           that you no longer need.",
    conflict: "Someone else is changing this workspace’s keys right now, or it already has 100. Nothing was \
               changed.",
    limited: "Too many requests in a short time. Nothing was changed. Try again {when}.",
    a_moment: "in a moment",
    failed: "Something went wrong on our side. Reload the page to see whether your change was made.",
    unreachable: "Suppuo could not be reached. Nothing was changed.",
    no_answer: "Suppuo did not answer, so we cannot tell whether your change was made. Check your connection, \
                then reload the page to see.",
    refused: "Suppuo refused this. Nothing was changed. Reload the page and try again.",
    session_over: "You are no longer signed in. Nothing was changed.",
    maybe_created: "We cannot tell whether the key was created. Reload the page. If the key is in the list, \
                    revoke it and create another, because it cannot be shown again.",
    other_workspace: "Someone has signed in to another workspace in this browser. Nothing was changed. Reload \
                      the page.",
    reference: "Reference",
    write_to_us: "Write to us",
    and_quote: "and quote",
    sign_in_again: "Sign in again",
    signed_out: "You are signed out",
    keys_keep_working: "Your keys keep working.",

    sign_in_not_completed: Problem {
        title: "You could not be signed in",
        text: "Huudis did not confirm who you are, or you cancelled. Please sign in again.",
        way_on: "Sign in again",
    },
    sign_in_stale: Problem {
        title: "This sign-in has expired",
        text: "A sign-in works once, for ten minutes, and only in the browser where you started it. \
               Please start again.",
        way_on: "Sign in again",
    },
    no_workspace: Problem {
        title: "Your account has no workspace",
        text: "Huudis knows you, but your account does not belong to a Suppuo workspace. Ask the \
               person who runs your shop’s workspace to add you, or sign in with another account.",
        way_on: "Sign in with another account",
    },
    too_many_calls: Problem {
        title: "Too many requests",
        text: "You have reached the limit of requests in one minute. Try again in {seconds} seconds.",
        way_on: "Try again",
    },
    our_fault: Problem {
        title: "Something went wrong on our side",
        text: "This is our fault, not yours. Please try again in a moment.",
        way_on: "Try again",
    },
    no_such_page: Problem {
        title: "There is no such page",
        text: "The address may be mistyped, or the page may be gone.",
        way_on: "Go to your API keys",
    },
    not_taken: Problem {
        title: "Your request was not accepted",
        text: "Your browser sent something that does not belong to this page. Nothing was changed. Please open \
               the page again.",
        way_on: "Go to your API keys",
    },
    in_the_way: Problem {
        title: "That did not work",
        text: "Someone else was changing the same thing at the same moment. Nothing was changed.",
        way_on: "Try again",
    },

    just_now: "just now",
    minute: Unit {
        one: "minute",
        many: "minutes",
    },
    hour: Unit {
        one: "hour",
        many: "hours",
    },
    day: Unit {
        one: "day",
        many: "days",
    },
    month: Unit {
        one: "month",
        many: "months",
    },
    year: Unit {
        one: "year",
        many: "years",
    },
    ago: "ago",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    hour_and_minute: ':',
};

static INDONESIAN: Texts = Texts {
    locale: "id",
    skip: "Langsung ke isi utama",
    language: "Bahasa",
    signed_in_as: "Masuk sebagai",
    workspace: "Ruang kerja",
    sign_out: "Keluar",
    signing_out: "Sedang keluar…",

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
        way_on: "Masuk lagi",
    },
    sign_in_stale: Problem {
        title: "Proses masuk ini sudah kedaluwarsa",
        text: "Setiap proses masuk hanya berlaku sekali, selama sepuluh menit, dan di peramban \
               tempat Anda memulainya. Silakan mulai lagi.",
        way_on: "Masuk lagi",
    },
    no_workspace: Problem {
        title: "Akun Anda tidak memiliki ruang kerja",
        text: "Huudis mengenal Anda, tetapi akun Anda bukan anggota ruang kerja Suppuo mana pun. \
               Mintalah pengelola ruang kerja toko Anda untuk menambahkan Anda, atau masuk dengan \
               akun lain.",
        way_on: "Masuk dengan akun lain",
    },
    too_many_calls: Problem {
        title: "Terlalu banyak permintaan",
        text: "Permintaan Anda telah mencapai batas per menit. Coba lagi dalam {seconds} detik.",
        way_on: "Coba lagi",
    },
    our_fault: Problem {
        title: "Terjadi kesalahan di pihak kami",
        text: "Ini kesalahan kami, bukan Anda. Silakan coba beberapa saat lagi.",
        way_on: "Coba lagi",
    },
    no_such_page: Problem {
        title: "Halaman ini tidak ada",
        text: "Mungkin alamatnya salah ketik, atau halamannya sudah dihapus.",
        way_on: "Buka kunci API Anda",
    },
    not_taken: Problem {
        title: "Permintaan Anda tidak diterima",
        text: "Peramban Anda mengirim sesuatu yang tidak sesuai untuk halaman ini. Tidak ada yang diubah. \
               Silakan buka kembali halamannya.",
        way_on: "Buka kunci API Anda",
    },
    in_the_way: Problem {
        title: "Permintaan Anda belum berhasil",
        text: "Orang lain sedang mengubah hal yang sama pada saat bersamaan. Tidak ada yang diubah.",
        way_on: "Coba lagi",
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
