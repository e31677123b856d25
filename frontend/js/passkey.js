// Passkeys: what the browser wants in buffers, the server has in base64url.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
const signed = (key, response) => ({ id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: {}, response });

/** A new key on this person's device. */
export async function create(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const key = await navigator.credentials.create({ publicKey });
  const { attestationObject, clientDataJSON } = key.response;
  return signed(key, { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) });
}

/** What a key of theirs signs. */
export async function get(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
  const key = await navigator.credentials.get({ publicKey });
  const { authenticatorData, clientDataJSON, signature, userHandle } = key.response;
  return signed(key, {
    authenticatorData: text(authenticatorData),
    clientDataJSON: text(clientDataJSON),
    signature: text(signature),
    userHandle: text(userHandle) || null,
  });
}
