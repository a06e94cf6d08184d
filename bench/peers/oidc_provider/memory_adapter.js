// The library's own adapter for trying out forgets all but the newest thousand entries; this one keeps them.
const entries = new Map();
const idsByGrant = new Map();
const idsByUid = new Map();
const GRANTABLE = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest']);

export class MemoryAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresIn) {
    const key = this.key(id);
    entries.set(key, { payload, expiresAt: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
    if (this.model === 'Session') idsByUid.set(payload.uid, id);
    if (GRANTABLE.has(this.model) && payload.grantId) {
      const ids = idsByGrant.get(payload.grantId);
      if (ids) ids.add(key);
      else idsByGrant.set(payload.grantId, new Set([key]));
    }
  }

  async find(id) {
    const entry = entries.get(this.key(id));
    return entry && entry.expiresAt > Date.now() ? entry.payload : undefined;
  }

  async findByUid(uid) {
    return this.find(idsByUid.get(uid));
  }

  async consume(id) {
    entries.get(this.key(id)).payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    entries.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of idsByGrant.get(grantId) ?? []) entries.delete(key);
    idsByGrant.delete(grantId);
  }
}
