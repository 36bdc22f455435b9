// An app in JavaScript, made of openid-client.

import * as client from 'openid-client';
import { ISSUER } from '../demo.mjs';
import { Agent } from './agent.mjs';

/** The app `registered` (see demo.mjs), which proves itself to the token endpoint by `authentication`. */
export function app(registered, authentication) {
  // The demo speaks http on loopback, so the signature of an ID token is checked here, not only where it came from.
  const plain = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
  return client.discovery(new URL(ISSUER), registered.id, undefined, authentication, plain);
}

/** Signs `person` in and redeems the code: tokens that openid-client has validated. */
export async function signIn(config, registered, person, { agent = new Agent(), ...wishes } = {}) {
  const { address, checks } = await authorization(config, registered, wishes);
  const answer = await agent.answer(address, registered.redirect, person);
  return client.authorizationCodeGrant(config, answer, checks);
}

/** An authorization request, and what its answer must be checked against. */
export async function authorization(config, registered, wishes = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: registered.redirect,
    scope: 'openid profile email roles groups organization locations',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...wishes,
  });
  return { address, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
}
