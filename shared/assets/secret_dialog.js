// The dialog that shows a secret once. It asks before it closes, unless the secret was copied or selected.

// `secret` is the element that shows it. Each of `copies` has a button, the announcement that its text was copied, and
// `source`, which returns the text's element. `closed` runs once the secret is no longer in the page. Returns what
// opens the dialog, for when the elements are filled.
function secretDialog({ secret, copies, closed }) {
  const dialog = byId("created-dialog");
  const copied = byId("copied");
  const notSaved = byId("not-saved");
  const labels = copies.map(({ button }) => button.textContent);
  let isSaved = true;

  /** Closes the dialog. If the secret was neither copied nor selected, it asks first. */
  function close() {
    if (isSaved) return dialog.close();
    byId("created-done").hidden = true;
    byId("created-saved").hidden = false;
    notSaved.textContent = words.notSaved;
    // On this button, pressing the same key once more does no harm.
    copies[0].button.focus();
  }

  function saved() {
    isSaved = true;
    byId("created-done").hidden = false;
    byId("created-saved").hidden = true;
    notSaved.replaceChildren();
  }

  const holdsSecret = (place) => place.textContent.includes(secret.textContent);

  /** Removes the secret from the page. */
  function forget() {
    if (secret.textContent) {
      const places = copies.map(({ source }) => source()).filter(holdsSecret);
      for (const place of places) place.replaceChildren();
    }
    saved();
    showCopied();
  }

  byId("created-done").addEventListener("click", close);
  byId("created-saved").addEventListener("click", ({ detail }) => {
    // Ignores the second click of a double click on the button that was here before.
    if (detail < 2) {
      saved();
      dialog.close();
    }
  });
  // On the document: after a click on the dialog's text, nothing in the dialog has the focus.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !dialog.open) return;
    event.preventDefault();
    if (!event.repeat) close();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  // A click outside the dialog counts only if it starts and ends there: selecting text may end anywhere.
  const isOutside = ({ target, clientX, clientY }) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    return target === dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
  };
  let isPressedOutside = false;
  dialog.addEventListener("pointerdown", (event) => (isPressedOutside = isOutside(event)));
  dialog.addEventListener("click", (event) => isPressedOutside && isOutside(event) && close());
  dialog.addEventListener("close", () => {
    // Browsers may close it without asking, as on a second press of Escape.
    if (!isSaved) {
      dialog.showModal();
      return close();
    }
    if (!secret.textContent) return;
    forget();
    // Only now: screen readers do not announce changes behind an open dialog.
    closed();
  });
  document.addEventListener("selectionchange", () => {
    const text = secret.textContent;
    if (text && String(getSelection()).includes(text)) saved();
  });
  addEventListener("pagehide", () => {
    forget();
    dialog.close();
  });

  /** Marks the button whose text was copied last, and tells screen readers. */
  function showCopied(button, text = "") {
    copies.forEach(({ button: one }, at) => {
      one.textContent = one === button ? words.copied : labels[at];
      one.classList.toggle("done", one === button);
    });
    copied.classList.toggle("visually-hidden", !!button);
    copied.textContent = text;
  }

  async function copy({ button, source, announcement }) {
    showCopied();
    const place = source();
    let done = true;
    try {
      await navigator.clipboard.writeText(place.textContent);
    } catch {
      done = false;
      getSelection().selectAllChildren(place);
    }
    // The dialog may have been closed meanwhile.
    if (!secret.textContent) return;
    if (done) {
      if (holdsSecret(place)) saved();
      showCopied(button);
    }
    await liveRegionReady();
    if (secret.textContent) showCopied(done ? button : undefined, done ? announcement : words.selected);
  }

  for (const one of copies) one.button.addEventListener("click", () => copy(one));

  return () => {
    isSaved = false;
    dialog.showModal();
    copies[0].button.focus();
  };
}
