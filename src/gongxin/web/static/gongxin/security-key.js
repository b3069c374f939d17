/* Security keys and passkeys: asks the browser for the key named in the form and sends what it answers.
   The form carries the options (data-key-options, JSON with base64url) and all texts; see desk/parts/key_texts.html. */
"use strict";
(() => {
  const bytes = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  };
  const text = (buffer) => {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const named = (list) => (list || []).map((entry) => ({ ...entry, id: bytes(entry.id) }));

  const creation = (given) => ({
    ...given,
    challenge: bytes(given.challenge),
    user: { ...given.user, id: bytes(given.user.id) },
    excludeCredentials: named(given.excludeCredentials),
  });
  const request = (given) => ({
    ...given,
    challenge: bytes(given.challenge),
    allowCredentials: named(given.allowCredentials),
  });

  const answer = (credential) => {
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const response = {};
    for (const part of parts) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    };
  };

  const ask = (form) => {
    const options = JSON.parse(form.dataset.keyOptions).publicKey;
    return form.dataset.keyAction === "create"
      ? navigator.credentials.create({ publicKey: creation(options) })
      : navigator.credentials.get({ publicKey: request(options) });
  };

  for (const form of document.querySelectorAll("form[data-key-options]")) {
    const failed = form.querySelector("[data-key-failed]");
    form.querySelector("[data-key-start]").addEventListener("click", async () => {
      failed.hidden = true;
      if (!window.isSecureContext || !window.PublicKeyCredential) {
        form.querySelector("[data-key-unable]").hidden = false;
        return;
      }
      try {
        form.elements.credential.value = JSON.stringify(answer(await ask(form)));
      } catch {
        failed.hidden = false;
        return;
      }
      form.submit();
    });
  }
})();
