// A virtual authenticator (WebDriver's, by the protocol of the browser's tools): what a finger, a face or a PIN is to a person.

const KEY = { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
  isUserVerified: true, automaticPresenceSimulation: true };

/** Gives a visitor's browser an authenticator. */
export async function withKey(visitor, options = {}) {
  const cdp = await visitor.page.context().newCDPSession(visitor.page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { ...KEY, ...options } });
  const say = (what, more = {}) => cdp.send(`WebAuthn.${what}`, { authenticatorId, ...more });
  return { say, credentials: async () => (await say('getCredentials')).credentials };
}
