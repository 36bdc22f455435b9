// Passkeys (Web Authentication Level 3): asks the device, and sends its answer with the form. Without scripts, or where the
// browser knows no passkeys, the form stays hidden.
"use strict";
const decoded = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const encoded = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** Options as the browser wants them: bytes, and nothing that is null. */
function readied(json) {
  const options = JSON.parse(json, (_, value) => value === null ? undefined : value);
  options.challenge = decoded(options.challenge);
  if (options.user) options.user.id = decoded(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const key of list || []) key.id = decoded(key.id);
  }
  return options;
}

/** What the device answered, as text. */
function answered(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = encoded(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  const extensions = credential.getClientExtensionResults();
  return JSON.stringify({ id: credential.id, rawId: encoded(credential.rawId), type: credential.type, response, extensions });
}

const LIFE = 8 * 60 * 1000; // a ceremony is good for ten minutes

async function serve(form) {
  const { passkey: verb, renew } = form.dataset;
  const button = form.querySelector("button");
  const said = form.querySelector("[role=alert]");
  let begun = Date.now();
  let waiting; // what ends the wait for a passkey that is chosen in the name's field

  async function fresh() {
    if (Date.now() - begun < LIFE) return;
    if (!renew) return location.reload();
    const { options, state } = await (await fetch(renew, { headers: { accept: "application/json" } })).json();
    form.dataset.options = options;
    form.elements.state.value = state;
    begun = Date.now();
  }

  async function ask(mediation) {
    waiting?.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    try {
      await fresh();
      const asked = { publicKey: readied(form.dataset.options), signal };
      if (mediation) asked.mediation = mediation;
      const credential = await navigator.credentials[verb](asked);
      form.elements.answer.value = answered(credential);
      form.submit();
    } catch (error) {
      if (error.name === "AbortError" || mediation) return;
      said.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
      said.hidden = false;
      listen();
    }
  }

  async function listen() {
    if (!("conditional" in form.dataset)) return;
    const isThere = await PublicKeyCredential.isConditionalMediationAvailable?.();
    if (isThere) ask("conditional");
  }

  button.addEventListener("click", () => {
    said.hidden = true;
    if (form.reportValidity()) ask();
  });
  form.hidden = false;
  listen();
  if ("conditional" in form.dataset) setInterval(listen, LIFE);
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const form of document.querySelectorAll("form[data-passkey]")) serve(form);
  for (const note of document.querySelectorAll("[data-without-passkeys]")) note.hidden = true;
}
