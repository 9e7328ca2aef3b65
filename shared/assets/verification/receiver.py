import hashlib, hmac, os, re, time

secret = os.environ["SUPPUO_WEBHOOK_SECRET"].encode()


def is_from_suppuo(signature, body):
    """signature: the header Suppuo-Signature; body: its bytes"""
    sent = re.search(r"t=([0-9]{1,12})", signature)
    if not sent or abs(time.time() - int(sent[1])) > 300:
        return False
    signed = sent[1].encode() + b"." + body
    expected = hmac.new(secret, signed, hashlib.sha256).hexdigest()
    given = re.findall(r"v1=([0-9a-f]{64})", signature)
    return any(hmac.compare_digest(expected, one) for one in given)
