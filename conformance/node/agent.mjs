// A browser without a screen: keeps cookies, follows redirects, fills the sign-in form. It stops where Lanyard hands the
// answer to the app, and never calls the app itself.

import { PASSWORD } from '../demo.mjs';

export class Agent {
  #cookies = new Map();

  /** Goes through the authorization at `address` as `person`; returns the request that Lanyard sends to `redirect`. */
  async answer(address, redirect, person) {
    let page = await this.#get(String(address), redirect);
    for (let steps = 0; steps < 5 && page.form; steps++) {
      if (page.form.action.startsWith(redirect)) return posted(page.form);
      if (!page.form.fields.has('password')) throw new Error(`an unexpected form at ${described(page)}`);
      page.form.fields.set('user_name', person);
      page.form.fields.set('password', PASSWORD);
      page = await this.#post(page.form, redirect);
    }
    if (!page.answer) throw new Error(`no answer for the app at ${described(page)}`);
    return page.answer;
  }

  /** Opens the page at `address` as `person` and answers its first form with `decision`; the page that follows. */
  async decide(address, person, decision) {
    const none = 'nowhere:';
    let page = await this.#get(String(address), none);
    for (let steps = 0; steps < 5 && page.form?.fields.has('password'); steps++) {
      page.form.fields.set('user_name', person);
      page.form.fields.set('password', PASSWORD);
      page = await this.#post(page.form, none);
    }
    if (!page.form) throw new Error(`nothing to decide at ${described(page)}`);
    page.form.fields.set('decision', decision);
    return this.#post(page.form, none);
  }

  async #get(address, redirect) {
    return this.#follow(address, { headers: {} }, redirect);
  }

  async #post(form, redirect) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(form.action).origin };
    return this.#follow(form.action, { method: 'POST', body: String(form.fields), headers }, redirect);
  }

  async #follow(address, request, redirect) {
    for (let hops = 0; hops < 10; hops++) {
      if (address.startsWith(redirect)) return { address, answer: new URL(address) };
      request.headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(address, { ...request, redirect: 'manual' });
      this.#remember(response);
      if (!response.headers.has('location')) return page(address, response.status, await response.text());
      address = new URL(response.headers.get('location'), address).href;
      request = { headers: {} };
    }
    throw new Error(`redirected for ever at ${address}`);
  }

  #remember(response) {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (/max-age=0/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

function page(address, status, text) {
  const found = /<form[^>]*method="post"[^>]*>[\s\S]*?<\/form>/i.exec(text)?.[0];
  if (!found) return { address, status, text };
  const action = new URL(attribute(found, 'action') ?? address, address).href;
  const inputs = found.match(/<input[^>]*>/gi) ?? [];
  const fields = new URLSearchParams(inputs.map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']));
  fields.delete('');
  return { address, status, text, form: { action, fields } };
}

/** A page in a few words, for whoever reads why an example failed. */
function described({ address, status, text = '' }) {
  const words = text.replace(/<(style|script)[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim();
  return `${address}: ${status} "${words.slice(0, 300)}"`;
}

function posted({ action, fields }) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return new Request(action, { method: 'POST', body: String(fields), headers });
}

function attribute(tag, name) {
  const value = new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1];
  return value?.replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCharCode(parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
