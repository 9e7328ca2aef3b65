/** A moment as a field for date and time takes it: in the reader's time zone, to the minute. */
function localMinute(at) {
  const offset = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offset).toISOString().slice(0, 16);
}
