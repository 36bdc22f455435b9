// A person at a browser (Debian's chromium), whose steps read like sentences.
//
// Every page that a visitor sees, also with what a form has to complain of, is checked once per kind of device: axe finds
// no violation, nothing breaks the content security policy, no script fails, and nothing sticks out of a phone's screen.
// Pictures go to `screenshots/`.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, devices } from 'playwright-core';
import { example } from '../case.mjs';
import { APP, ISSUER, PASSWORD } from '../demo.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCREENSHOTS = new URL('../screenshots/', import.meta.url).pathname;
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

export const DESKTOP = { name: 'desktop', viewport: { width: 1280, height: 800 } };
export const PHONE = { name: 'phone', ...devices['Pixel 7'] };
export const DARK = { ...DESKTOP, name: 'dark', colorScheme: 'dark' };
export const DARK_PHONE = { ...PHONE, name: 'dark-phone', colorScheme: 'dark' };
export const WITHOUT_SCRIPTS = { ...DESKTOP, name: 'without-scripts', javaScriptEnabled: false };
export const DANISH = { ...DESKTOP, name: 'danish', locale: 'da-DK' };
export const SPANISH = { ...DESKTOP, name: 'spanish', locale: 'es-ES' };

let browser;
const checked = new Set();

/** An example with a visitor who has never been here: no cookie, no history. */
export function visit(name, device, story) {
  return example(`${name} [${device.name}]`, async () => {
    browser ??= await chromium.launch({ executablePath: '/usr/bin/chromium', args: QUIET });
    const context = await browser.newContext(device);
    context.setDefaultTimeout(10_000);
    const visitor = new Visitor(device, await context.newPage());
    try {
      await story(visitor);
      assert.deepEqual(visitor.complaints, []);
    } catch (fault) {
      await visitor.picture(`FAILED-${name.replace(/\W+/g, '-')}`).catch(() => {});
      throw new Error(`at ${visitor.page.url()}: ${[fault.message, ...visitor.complaints].join('\n')}`, { cause: fault });
    } finally {
      for (const opened of [context, ...visitor.contexts]) await opened.close();
    }
  });
}

/** Ends the browser, after the last visit. */
export async function closed() {
  await browser?.close();
}

class Visitor {
  complaints = [];
  contexts = [];

  constructor(device, page) {
    this.device = device;
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(`script: ${error.message}`));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) this.complaints.push(message.text());
    });
  }

  /** The same person at another browser, which differs by `options` of Playwright. */
  async anotherDevice(options = {}) {
    const context = await browser.newContext({ ...this.device, ...options });
    context.setDefaultTimeout(10_000);
    this.contexts.push(context);
    return new Visitor(this.device, await context.newPage());
  }

  async opens(address) {
    await this.page.goto(address);
    await this.looks();
  }

  async opensTheApp() {
    await this.opens(`${APP}/`);
  }

  async startsToSignIn() {
    await this.opensTheApp();
    await this.presses(this.page.locator('a[href="/login"]'));
  }

  async givesPassword(person, password = PASSWORD) {
    await this.fills({ user_name: person, password });
  }

  /** Types into the fields of one form and presses its first button. */
  async fills(fields) {
    for (const [name, value] of Object.entries(fields)) await this.page.fill(`input[name=${name}]`, value);
    await this.submits(`input[name=${Object.keys(fields).at(-1)}]`);
  }

  /** Opens a page of the account as `person`, who signs in on the way. */
  async opensTheAccountAs(person, password = PASSWORD) {
    await this.opens(`${ISSUER}/account`);
    await this.givesPassword(person, password);
    await this.isAt(`${ISSUER}/account`);
  }

  async signsInAs(person) {
    await this.startsToSignIn();
    await this.givesPassword(person);
  }

  async choosesOrganization(slug) {
    await this.presses(this.page.locator(`button[name=organization][value=${slug}]`));
  }

  async switchesTo(slug) {
    await this.presses(this.page.locator(`a[href="/switch?organization=${slug}"]`));
  }

  async signsOut() {
    await this.presses(this.page.locator('a[href="/logout"]'));
  }

  /** Presses the first button of the form that holds `field`. */
  async submits(field) {
    const form = this.page.locator('form', { has: this.page.locator(field) });
    await this.presses(form.locator('button:not([type=button]), input[type=submit]'));
  }

  /** Presses what bears this name, as a button or a link. */
  async pressesWhatSays(name) {
    await this.presses(this.page.getByRole('button', { name, exact: true }).or(this.page.getByRole('link', { name, exact: true })));
  }

  /** Reaches `target` with the Tab key alone, sees where the focus is, and presses Enter. */
  async tabsTo(target, key = 'Enter') {
    for (let steps = 0; steps < 40; steps++) {
      await this.page.keyboard.press('Tab');
      if (await target.first().evaluate((element) => element === document.activeElement)) {
        const outline = await target.first().evaluate((element) => getComputedStyle(element).outlineStyle);
        assert.notEqual(outline, 'none', 'the focus is visible');
        await this.page.keyboard.press(key);
        await this.page.waitForLoadState();
        return;
      }
    }
    assert.fail('the Tab key does not get there');
  }

  async presses(target) {
    await target.first().click();
    await this.page.waitForLoadState();
    await this.looks();
  }

  /** The app greets the visitor and shows these claims: `organization`, `roles`, `assignments`, `locations`, `groups`. */
  async worksAs(claims) {
    await this.isAt(`${APP}/`);
    const shown = {};
    for (const name of Object.keys(claims)) shown[name] = (await this.page.innerText(`#${name}`)).trim();
    assert.deepEqual(shown, claims);
  }

  async isNotSignedIn() {
    await this.opensTheApp();
    assert.equal(await this.page.locator('a[href="/login"]').count(), 1, 'the app offers to sign in');
  }

  /** The page says each of these, whatever its case. */
  async sees(...words) {
    const text = (await this.text()).toLowerCase();
    for (const word of words) assert.ok(text.includes(word.toLowerCase()), `the page does not say "${word}":\n${text}`);
  }

  async doesNotSee(...words) {
    const text = (await this.text()).toLowerCase();
    for (const word of words) assert.ok(!text.includes(word.toLowerCase()), `the page says "${word}":\n${text}`);
  }

  /** The form came back and says why, at `field` where it is a field's fault. */
  async isRefused(field) {
    assert.equal(await this.page.getByRole('alert').count(), 1, 'the page says what is wrong');
    const wrong = await this.page.locator('[aria-invalid]').evaluateAll((inputs) => inputs.map((input) => input.name));
    if (field) assert.deepEqual(wrong, [field]);
  }

  async isAt(address) {
    await this.page.waitForURL((url) => url.href.startsWith(address));
  }

  text() {
    return this.page.innerText('body');
  }

  /** Checks the page as a whole, the first time that this device sees it. */
  async looks() {
    const url = new URL(this.page.url());
    const place = { [APP]: 'app', [ISSUER]: 'lanyard' }[url.origin] ?? 'elsewhere';
    const path = url.pathname.split('/').map((part) => (part.length > 20 ? 'ID' : part)).join('-');
    const words = await this.page.locator('h1').first().innerText().catch(() => '');
    const state = await this.page.locator('.problems, .notice, .problem').count() ? 'told' : '';
    const look = [this.device.name, place, path, words, state].join('-').replace(/[^\p{Letter}\d]+/gu, '-').slice(0, 90);
    if (checked.has(look)) return;
    checked.add(look);
    await this.picture(look);
    if (this.device.javaScriptEnabled === false) return; // the same page was seen with scripts
    await this.isAccessible();
    await this.fits();
  }

  async isAccessible() {
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() => window.axe.run());
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`);
    assert.deepEqual(found, [], 'accessible');
  }

  async fits() {
    const excess = await this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(excess <= 0, `the page is ${excess} pixels wider than the screen`);
  }

  async picture(name) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
  }
}
