//! All words of the pages, in both languages. A text that is missing in one does not compile.
//!
//! `{name}`, `{when}` and `{key}` stand for what the script puts there.

use crate::portal::language::Language;

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
    pub(super) copied_key: &'static str,
    pub(super) copied_command: &'static str,
    pub(super) selected: &'static str,
    pub(super) done: &'static str,
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
    pub(super) unreachable: &'static str,
    pub(super) refused: &'static str,
    pub(super) session_over: &'static str,
    pub(super) maybe_created: &'static str,
    pub(super) other_workspace: &'static str,
    pub(super) quote: &'static str,
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
    skip: "Skip to the content",
    language: "Language",
    signed_in_as: "Signed in as",
    workspace: "Workspace",
    sign_out: "Sign out",
    signing_out: "Signing out…",

    api_keys: "API keys",
    lead: "A key lets your own software work with this workspace’s tickets. Treat it like a password: \
           whoever has it can use it.",
    show: "Show",
    all: "All",
    not_used_for_90_days: "Not used for 90 days",
    none_match: "Every key here has been used in the last 90 days, or is newer than that.",
    name: "Name",
    key: "Key",
    created: "Created",
    last_used: "Last used",
    actions: "Actions",
    never: "never",
    unused_since: "Nothing has used this since",
    never_used_since: "Never used since it was created on",
    no_keys: "No keys yet",
    what_a_key_is_for: "With a key, your web shop, a chat bot or a script can read, create and answer \
                        tickets by itself, without anybody signed in. Give each its own, so that you can \
                        revoke one and leave the others alone.",
    a_call: "With a key, a request looks like this:",
    no_script: "JavaScript is off. You can see your keys, filter them and sign out here, but not create \
                or revoke them.",
    no_script_commands: "Both can be done with a command. In place of $TOKEN goes a key of this \
                         workspace or a Huudis access token; the first command lists the IDs.",
    script_missing: "A part of this page did not load, so keys cannot be created or revoked.",
    reload: "Reload the page",

    create: "Create key",
    create_title: "Create a key",
    name_hint: "Say what will use the key, so that you recognise it later. Up to 120 characters.",
    example_name: "Web shop",
    creating: "Creating…",
    cancel: "Cancel",
    new_key: "Your new key",
    shown_once: "Copy it now and keep it in a safe place. It will not be shown again.",
    try_it: "Try it with this command:",
    copy_key: "Copy key",
    copy_command: "Copy command",
    copied_key: "Key copied",
    copied_command: "Command copied",
    selected: "Selected: press Ctrl+C, or ⌘C on a Mac, to copy",
    done: "Done",
    was_created: "Key {name} created.",

    revoke: "Revoke",
    revoke_title: "Revoke this key?",
    revoke_consequence: "Whatever uses it will be refused from its very next request. This cannot be undone.",
    revoke_confirm: "Revoke key",
    revoking: "Revoking…",
    was_revoked: "Key {name} revoked.",
    was_gone: "Key {name} was already revoked.",

    name_rule: "Give the key a name, up to 120 characters long.",
    full: "This workspace has 100 keys, and that is the most it can have. Revoke one that you no longer \
           need, then try again.",
    conflict: "Somebody is changing this workspace’s keys at this moment, or it has 100 already. Reload \
               the page and try again.",
    limited: "Too many requests in a short time. Try again {when}.",
    a_moment: "in a moment",
    failed: "Something failed on our side. Reload the page to see whether it was done, then try again.",
    unreachable: "Suppuo did not answer. Check your connection, then reload the page to see whether it \
                  was done.",
    refused: "Suppuo refused this. Reload the page and try again.",
    session_over: "You are no longer signed in, so nothing was done.",
    maybe_created: "We cannot tell whether the key was created. Reload the page; if it is in the list, revoke \
                    it, because it cannot be shown again.",
    other_workspace: "In this browser, somebody has signed in to another workspace meanwhile, so nothing was done. \
                      Reload the page.",
    quote: "If you write to us about it, quote",
    sign_in_again: "Sign in again",
    signed_out: "You are signed out",
    keys_keep_working: "Your keys keep working.",

    sign_in_not_completed: Problem {
        title: "You could not be signed in",
        text: "Huudis did not confirm who you are, or the sign-in was cancelled. Please sign in again.",
        way_on: "Sign in again",
    },
    sign_in_stale: Problem {
        title: "This sign-in has expired",
        text: "A sign-in works once, for a few minutes, and in the browser that it was started in. Please \
               start a new one.",
        way_on: "Sign in again",
    },
    no_workspace: Problem {
        title: "Your account has no workspace",
        text: "Huudis knows you, but your account belongs to no workspace of Suppuo. Ask whoever runs \
               your shop’s workspace to let you in, or sign in with another account.",
        way_on: "Sign in with another account",
    },
    too_many_calls: Problem {
        title: "Too many requests",
        text: "You have sent more requests than a minute allows. Wait a minute, then try again.",
        way_on: "Try again",
    },
    our_fault: Problem {
        title: "Something failed on our side",
        text: "This is our fault, not yours. Try again in a moment; if it goes on, write to us.",
        way_on: "Try again",
    },
    no_such_page: Problem {
        title: "There is no such page",
        text: "The address may be mistyped, or the page may be gone.",
        way_on: "Go to your API keys",
    },
    in_the_way: Problem {
        title: "Something got in the way",
        text: "The same thing was being changed at the same moment, so nothing was done.",
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
    skip: "Langsung ke isi",
    language: "Bahasa",
    signed_in_as: "Masuk sebagai",
    workspace: "Ruang kerja",
    sign_out: "Keluar",
    signing_out: "Sedang keluar…",

    api_keys: "Kunci API",
    lead: "Dengan kunci, perangkat lunak Anda dapat mengelola tiket di ruang kerja ini. Perlakukan \
           seperti kata sandi: siapa pun yang memegangnya dapat memakainya.",
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
    unused_since: "Tidak ada yang memakainya sejak",
    never_used_since: "Belum pernah dipakai sejak dibuat pada",
    no_keys: "Belum ada kunci",
    what_a_key_is_for: "Dengan kunci, toko daring, bot obrolan, atau skrip Anda dapat membaca, membuat, \
                        dan menjawab tiket secara otomatis, tanpa seorang pun perlu masuk ke akun. Beri masing-masing kunci \
                        tersendiri, agar Anda dapat mencabut satu tanpa mengganggu yang lain.",
    a_call: "Contoh permintaan dengan kunci:",
    no_script: "JavaScript tidak aktif. Di sini Anda dapat melihat dan menyaring kunci serta keluar, \
                tetapi tidak dapat membuat atau mencabut kunci.",
    no_script_commands: "Keduanya dapat dilakukan dengan perintah. Ganti $TOKEN dengan kunci ruang kerja \
                         ini atau token akses Huudis; perintah pertama menampilkan ID setiap kunci.",
    script_missing: "Sebagian halaman ini gagal dimuat, jadi kunci tidak dapat dibuat atau dicabut.",
    reload: "Muat ulang halaman",

    create: "Buat kunci",
    create_title: "Buat kunci baru",
    name_hint: "Sebutkan apa yang akan memakai kunci ini, agar mudah Anda kenali nanti. Paling banyak 120 karakter.",
    example_name: "Toko daring",
    creating: "Sedang membuat…",
    cancel: "Batal",
    new_key: "Kunci baru Anda",
    shown_once: "Salin sekarang dan simpan di tempat yang aman. Kunci ini tidak akan ditampilkan lagi.",
    try_it: "Coba dengan perintah ini:",
    copy_key: "Salin kunci",
    copy_command: "Salin perintah",
    copied_key: "Kunci tersalin",
    copied_command: "Perintah tersalin",
    selected: "Sudah dipilih: tekan Ctrl+C, atau ⌘C di Mac, untuk menyalin",
    done: "Selesai",
    was_created: "Kunci {name} telah dibuat.",

    revoke: "Cabut",
    revoke_title: "Cabut kunci ini?",
    revoke_consequence: "Apa pun yang memakainya akan ditolak mulai permintaan berikutnya. Tindakan ini \
                         tidak dapat dibatalkan.",
    revoke_confirm: "Cabut kunci",
    revoking: "Sedang mencabut…",
    was_revoked: "Kunci {name} telah dicabut.",
    was_gone: "Kunci {name} sudah dicabut sebelumnya.",

    name_rule: "Beri kunci ini nama sepanjang 1 sampai 120 karakter.",
    full: "Ruang kerja ini sudah memiliki 100 kunci, jumlah terbanyak yang diizinkan. Cabut satu yang \
           tidak Anda perlukan lagi, lalu coba lagi.",
    conflict: "Kunci ruang kerja ini sedang diubah orang lain, atau jumlahnya sudah 100. Muat ulang \
               halaman ini, lalu coba lagi.",
    limited: "Terlalu banyak permintaan dalam waktu singkat. Coba lagi {when}.",
    a_moment: "beberapa saat lagi",
    failed: "Terjadi kesalahan di pihak kami. Muat ulang halaman ini untuk melihat apakah sudah berhasil, \
             lalu coba lagi.",
    unreachable: "Suppuo tidak menjawab. Periksa koneksi Anda, lalu muat ulang halaman ini untuk melihat \
                  apakah sudah berhasil.",
    refused: "Suppuo menolak tindakan ini. Muat ulang halaman ini, lalu coba lagi.",
    session_over: "Sesi Anda sudah berakhir, jadi tidak ada yang diubah.",
    maybe_created: "Kami tidak dapat memastikan apakah kunci sudah dibuat. Muat ulang halaman ini; jika kunci itu \
                    ada di daftar, cabutlah, karena tidak dapat ditampilkan lagi.",
    other_workspace: "Di peramban ini sudah ada yang masuk ke ruang kerja lain, jadi tidak ada yang diubah. Muat \
                      ulang halaman ini.",
    quote: "Jika Anda menghubungi kami tentang hal ini, sebutkan",
    sign_in_again: "Masuk lagi",
    signed_out: "Anda sudah keluar",
    keys_keep_working: "Kunci Anda tetap berfungsi.",

    sign_in_not_completed: Problem {
        title: "Anda belum berhasil masuk",
        text: "Huudis tidak dapat memastikan identitas Anda, atau proses masuk dibatalkan. Silakan masuk lagi.",
        way_on: "Masuk lagi",
    },
    sign_in_stale: Problem {
        title: "Tautan masuk ini tidak berlaku lagi",
        text: "Setiap proses masuk hanya berlaku sekali, selama beberapa menit, dan di peramban tempat \
               Anda memulainya. Silakan mulai lagi.",
        way_on: "Masuk lagi",
    },
    no_workspace: Problem {
        title: "Akun Anda tidak memiliki ruang kerja",
        text: "Huudis mengenali Anda, tetapi akun Anda bukan anggota ruang kerja Suppuo mana pun. Mintalah \
               akses kepada pengelola ruang kerja toko Anda, atau masuk dengan akun lain.",
        way_on: "Masuk dengan akun lain",
    },
    too_many_calls: Problem {
        title: "Terlalu banyak permintaan",
        text: "Permintaan Anda melebihi batas per menit. Tunggu satu menit, lalu coba lagi.",
        way_on: "Coba lagi",
    },
    our_fault: Problem {
        title: "Terjadi kesalahan di pihak kami",
        text: "Ini kesalahan kami, bukan Anda. Silakan coba beberapa saat lagi; jika terus terjadi, hubungi kami.",
        way_on: "Coba lagi",
    },
    no_such_page: Problem {
        title: "Halaman ini tidak ada",
        text: "Mungkin alamatnya salah ketik, atau halamannya sudah dihapus.",
        way_on: "Buka kunci API Anda",
    },
    in_the_way: Problem {
        title: "Ada yang menghalangi",
        text: "Hal yang sama sedang diubah pada saat bersamaan, jadi tidak ada yang diubah.",
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
