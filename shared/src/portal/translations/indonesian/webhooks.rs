//! The texts of the page of webhooks in Indonesian.

use crate::{domain::event_type::EventType, portal::texts::webhooks::WebhookTexts};

pub(super) static WEBHOOKS: WebhookTexts = WebhookTexts {
    title: "Webhook",
    lead: "Suppuo memberi tahu sistem Anda sendiri apa yang terjadi pada tiket, begitu hal itu terjadi. Setiap \
           endpoint adalah URL yang menerima peristiwa.",
    no_script: "JavaScript tidak aktif. Anda dapat melihat endpoint serta keluar, tetapi tidak dapat menambah, \
                menguji, mengubah, atau menghapus endpoint di sini, atau melihat pengiriman.",
    no_script_commands: "Semuanya dapat dilakukan dengan perintah. Isi SUPPUO_TOKEN dengan kunci ruang kerja ini \
                         atau token akses Huudis. Perintah curl yang pertama menampilkan semua endpoint beserta \
                         ID-nya, yang kedua menambah endpoint dan menampilkan rahasianya, yang ketiga menampilkan \
                         pengiriman yang gagal, dan sisanya menjeda, menguji, dan menghapus endpoint.",
    script_missing: "Sebagian halaman ini gagal dimuat, jadi Anda tidak dapat menambah atau mengubah endpoint, atau \
                     melihat pengiriman.",
    no_endpoints: "Ruang kerja ini tidak memiliki endpoint",
    none_left: "Tidak ada endpoint yang tersisa",
    what_a_webhook_is_for: "Dengan endpoint, toko daring, bot obrolan, atau skrip Anda mengetahui setiap tiket, \
                            balasan, atau status baru tanpa perlu bertanya berulang kali. Yang tidak dapat terkirim \
                            akan dikirim lagi, selama setengah hari.",
    a_delivery: "Pengiriman adalah POST dengan isi seperti ini:",
    full: "Ruang kerja ini sudah memiliki 20 endpoint, jumlah terbanyak yang diizinkan. Untuk menambah endpoint \
           baru, hapus dulu satu endpoint yang tidak Anda perlukan lagi.",

    active: "Aktif",
    failing: "Gagal",
    held: "Tidak menjawab",
    paused: "Dijeda",
    disabled: "Dinonaktifkan",
    events: "Peristiwa",
    all_events: "semua",
    added_on: "Ditambahkan",
    failures: "Kegagalan berturut-turut",
    failing_since: "Gagal sejak",
    held_until: "Percobaan berikutnya setelah",
    disabled_at: "Dinonaktifkan",
    reason: "Alasan",
    answered_gone: "Endpoint menjawab 410 (Gone), artinya tidak ingin menerima peristiwa lagi.",
    kept_failing: "Sedikitnya 20 percobaan berturut-turut gagal, selama sedikitnya satu hari.",
    some_are_disabled: "Suppuo menonaktifkan yang tercantum di sini karena tidak dapat mengirim ke sana. Tidak ada \
                        yang dikirim ke sana, dan peristiwa selama waktu ini juga tidak dikirim kemudian. Perbaiki, \
                        lanjutkan, lalu kirim lagi yang gagal.",

    add: "Tambah endpoint",
    add_title: "Tambah endpoint baru",
    url: "URL",
    url_hint: "Alamat https sistem Anda sendiri yang dapat dijangkau dari internet.",
    every_event: "Semua peristiwa, termasuk jenis baru nanti",
    only_these: "Hanya ini:",
    describe,
    adding: "Sedang menambah…",
    was_added: "Endpoint {name} telah ditambahkan.",

    secret: "Rahasia endpoint ini",
    shown_once: "Salin rahasia ini sekarang dan berikan kepada penerima Anda. Rahasia ini tidak akan ditampilkan \
                 lagi.",
    both_sign: "Sampai {when}, pengiriman juga ditandatangani dengan rahasia lama.",
    copy_secret: "Salin rahasia",
    copied_secret: "Rahasia tersalin",
    not_saved: "Anda belum menyalin rahasia ini. Rahasia ini tidak akan ditampilkan lagi.",
    saved: "Saya sudah menyimpan rahasia",
    verify: "Periksa bahwa pengiriman berasal dari Suppuo",
    how_to_verify: "Siapa pun dapat mengirim sesuatu ke URL publik. Penerima Anda harus memeriksa tanda tangan \
                    setiap pengiriman, dan menjawab dalam 10 detik. Isi SUPPUO_WEBHOOK_SECRET dengan rahasia. Pustaka \
                    untuk Standard Webhooks juga dapat dipakai.",
    programming_language: "Bahasa pemrograman",
    copy_code: "Salin kode",
    copied_code: "Kode tersalin",

    test: "Kirim uji coba",
    testing: "Sedang mengirim…",
    test_arrived: "Uji coba sampai.",
    test_failed: "Uji coba gagal.",
    pause: "Jeda",
    pausing: "Sedang menjeda…",
    was_paused: "Dijeda. Peristiwa mulai sekarang tidak dikirim ke sini, juga tidak kemudian.",
    resume: "Lanjutkan",
    resuming: "Sedang melanjutkan…",
    was_resumed: "Dilanjutkan. Peristiwa mulai sekarang dikirim ke sini.",
    rotate: "Ganti rahasia",
    rotate_title: "Ganti rahasia?",
    rotate_consequence: "Akan ada rahasia baru, yang ditampilkan sekali. Untuk sementara, pengiriman dapat \
                         ditandatangani dengan keduanya, agar tidak ada yang ditolak selagi Anda mengubah penerima.",
    old_secret_signs: "Rahasia lama juga menandatangani",
    rotating: "Sedang mengganti…",
    was_rotated: "Endpoint {name} memiliki rahasia baru.",
    delete: "Hapus",
    delete_title: "Hapus endpoint ini?",
    delete_consequence: "Tidak ada lagi yang dikirim ke sana, termasuk yang sedang menunggu. Tindakan ini tidak dapat \
                         dibatalkan.",
    delete_confirm: "Hapus endpoint",
    deleting: "Sedang menghapus…",
    was_deleted: "Endpoint {name} telah dihapus.",
    was_gone: "Endpoint {name} sudah dihapus sebelumnya.",

    deliveries: "Pengiriman",
    last_deliveries: "Pengiriman terakhir",
    all_deliveries: "Semua dalam 30 hari terakhir",
    only_failed: "Hanya yang gagal",
    refresh: "Muat ulang",
    loading: "Sedang memuat…",
    no_deliveries: "Tidak ada.",
    older: "Tampilkan yang lebih lama",
    succeeded: "Terkirim",
    pending: "Menunggu",
    failed: "Gagal",
    delivery: "Pengiriman",
    event: "Peristiwa",
    next_attempt: "Percobaan berikutnya",
    attempts: "Percobaan",
    no_attempts: "belum ada",
    body: "Isi",
    answered: "Menjawab {code} setelah {time} md.",
    no_answer_after: "Tidak ada jawaban setelah {time} md.",
    again: "Kirim lagi",
    sending: "Sedang mengirim…",
    is_sent_again: "Pengiriman ini dikirim lagi.",
    is_sent_later: "Penerima sedang tidak menjawab. Pengiriman ini dikirim lagi pada percobaan berikutnya.",
    recover: "Kirim lagi yang gagal",
    recover_title: "Kirim lagi pengiriman yang gagal?",
    recover_consequence: "Semua pengiriman yang gagal sejak saat itu, kecuali uji coba, dikirim sekali lagi ke \
                          endpoint ini. Jika sangat banyak, hal ini memerlukan beberapa menit. Penerima Anda mungkin \
                          sudah mengenal sebagian: setiap peristiwa tetap memiliki ID yang sama.",
    since: "Sejak (paling lama 7 hari yang lalu)",
    recover_confirm: "Kirim lagi",
    were_recovered: "Pengiriman yang dikirim lagi: {count}.",

    url_rule: "Masukkan alamat https yang dapat dijangkau dari internet, tanpa nama pengguna atau kata sandi di \
               dalamnya, paling banyak 2000 karakter.",
    events_rule: "Pilih sedikitnya satu peristiwa.",
    since_rule: "Masukkan waktu dalam 7 hari terakhir.",
    conflict: "Orang lain sedang mengubah endpoint di ruang kerja ini, atau jumlahnya sudah 20. Tidak ada yang \
               diubah.",
    not_now: "Ini tidak dapat dilakukan sekarang: endpoint dijeda atau dinonaktifkan, atau pengiriman masih \
              menunggu atau sudah sangat sering dikirim. Tidak ada yang diubah.",
    maybe_added: "Kami tidak tahu apakah endpoint sudah ditambahkan. Muat ulang halaman. Jika endpoint itu ada di \
                  daftar, ganti rahasianya, karena rahasia yang pertama tidak dapat ditampilkan.",
    maybe_rotated: "Kami tidak tahu apakah sudah ada rahasia baru. Ganti sekali lagi, lalu segera berikan yang baru \
                    kepada penerima: yang dimilikinya mungkin tidak lagi menandatangani.",
};

fn describe(event_type: EventType) -> &'static str {
    match event_type {
        EventType::TicketCreated => "Tiket dibuat",
        EventType::TicketReplied => "Tiket mendapat balasan atau catatan internal",
        EventType::TicketStatusChanged => "Status tiket berubah",
        EventType::BillingSubscribed => "Paket ruang kerja dibayar",
        EventType::SubscriptionDisabled => "Endpoint lain dinonaktifkan",
        EventType::ApiKeyCreated => "Kunci API dibuat",
        EventType::ApiKeyRotated => "Kunci API mendapat rahasia baru",
        EventType::ApiKeyRevoked => "Kunci API dicabut",
        EventType::ApiKeyExposed => "Kunci API ditemukan di tempat umum",
        EventType::Test => "Uji coba dikirim",
    }
}
