// The dialog that shows a new key once, with a call to try it.

/** `closed` runs once the key is no longer in the page. Returns what shows a key. */
function newKeyDialog(closed) {
  const newKey = byId("new-key");
  const newKeyCurl = byId("new-key-curl");
  const open = secretDialog({
    secret: newKey,
    copies: [
      { button: byId("copy"), source: () => newKey, announcement: words.copiedKey },
      { button: byId("copy-curl"), source: () => newKeyCurl, announcement: words.copiedCommand },
    ],
    closed,
  });
  return (key) => {
    newKey.textContent = key;
    newKeyCurl.textContent = words.curl.replace("{key}", key);
    open();
  };
}
