import { createHmac, timingSafeEqual } from "node:crypto";

const secret = process.env.SUPPUO_WEBHOOK_SECRET;

/** signature: the header Suppuo-Signature; body: its Buffer */
export function isFromSuppuo(signature, body) {
  const sent = signature.match(/t=([0-9]{1,12})/)?.[1];
  if (!(Math.abs(Date.now() / 1000 - sent) <= 300)) return false;
  const signed = createHmac("sha256", secret).update(`${sent}.`);
  const expected = Buffer.from(signed.update(body).digest("hex"));
  const given = signature.matchAll(/v1=([0-9a-f]{64})/g);
  return [...given].some(([, one]) =>
    timingSafeEqual(expected, Buffer.from(one)));
}
