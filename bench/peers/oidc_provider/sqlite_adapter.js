// The adapter that oidc-provider asks of its users, over node:sqlite: one table, prepared statements, each write on its
// own and durable as synchronous=NORMAL makes it.
import { DatabaseSync } from 'node:sqlite';

const GRANTABLE = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest']);

export function sqliteAdapter(path) {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS models (
      model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires_at INTEGER,
      grant_id TEXT, user_code TEXT, uid TEXT, consumed_at INTEGER,
      PRIMARY KEY (model, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS models_grant ON models (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS models_user_code ON models (user_code) WHERE user_code IS NOT NULL;
    CREATE INDEX IF NOT EXISTS models_uid ON models (uid) WHERE uid IS NOT NULL;
  `);
  const upsert = database.prepare(
    `INSERT INTO models (model, id, payload, expires_at, grant_id, user_code, uid) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at,
       grant_id = excluded.grant_id, user_code = excluded.user_code, uid = excluded.uid`,
  );
  const columns = 'SELECT payload, expires_at, consumed_at FROM models WHERE';
  const find = database.prepare(`${columns} model = ? AND id = ?`);
  const findByUserCode = database.prepare(`${columns} model = ? AND user_code = ?`);
  const findByUid = database.prepare(`${columns} model = ? AND uid = ?`);
  const consume = database.prepare('UPDATE models SET consumed_at = ? WHERE model = ? AND id = ?');
  const destroy = database.prepare('DELETE FROM models WHERE model = ? AND id = ?');
  const revokeByGrant = database.prepare('DELETE FROM models WHERE grant_id = ?');

  const now = () => Math.floor(Date.now() / 1000);
  const read = (row) => {
    if (row === undefined || (row.expires_at !== null && row.expires_at <= now())) return undefined;
    const payload = JSON.parse(row.payload);
    return row.consumed_at === null ? payload : { ...payload, consumed: row.consumed_at };
  };

  return class {
    constructor(model) {
      this.model = model;
    }

    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn ? now() + expiresIn : null;
      const grantId = GRANTABLE.has(this.model) ? (payload.grantId ?? null) : null;
      const { userCode = null, uid = null } = payload;
      upsert.run(this.model, id, JSON.stringify(payload), expiresAt, grantId, userCode, this.model === 'Session' ? uid : null);
    }

    async find(id) {
      return read(find.get(this.model, id));
    }

    async findByUserCode(code) {
      return read(findByUserCode.get(this.model, code));
    }

    async findByUid(uid) {
      return read(findByUid.get(this.model, uid));
    }

    async consume(id) {
      consume.run(now(), this.model, id);
    }

    async destroy(id) {
      destroy.run(this.model, id);
    }

    async revokeByGrantId(grantId) {
      revokeByGrant.run(grantId);
    }
  };
}
