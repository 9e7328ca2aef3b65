<?php
// $signature: the header Suppuo-Signature; $body: php://input
function is_from_suppuo(string $signature, string $body): bool
{
    if (!preg_match('/t=([0-9]{1,12})/', $signature, $sent)
        || abs(time() - (int) $sent[1]) > 300) {
        return false;
    }
    $secret = getenv('SUPPUO_WEBHOOK_SECRET');
    $expected = hash_hmac('sha256', "$sent[1].$body", $secret);
    preg_match_all('/v1=([0-9a-f]{64})/', $signature, $given);
    foreach ($given[1] as $one) {
        if (hash_equals($expected, $one)) {
            return true;
        }
    }
    return false;
}
