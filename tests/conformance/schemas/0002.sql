BEGIN TRANSACTION;
CREATE TABLE applinks_access_tokens (
	"row" INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	client TEXT NOT NULL, 
	grant_id TEXT NOT NULL, 
	family_id TEXT NOT NULL, 
	user_id TEXT, 
	scopes TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	issued_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	revoked_at BIGINT NOT NULL, 
	CONSTRAINT applinks_access_tokens_primary PRIMARY KEY ("row")
);
INSERT INTO "applinks_access_tokens" VALUES(1,X'11641618C40011F6F44D7321ED8B861D494834B6B792B89792C3CB9949B68B40','cli_0000000000000000000001','grt_0000000000000000000001','fam_0000000000000000000001','alice','issues:read','https://tracker.example',1800000000,1800003600,0);
INSERT INTO "applinks_access_tokens" VALUES(2,X'58E6F62358493B59A1507EDF4D1E94E6E241BD48D82BC6E1739E329E1C44EC41','cli_0000000000000000000001','grt_0000000000000000000001','fam_0000000000000000000001','alice','issues:read','https://tracker.example',1800000000,1800003600,0);
CREATE TABLE applinks_accounts (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	name_key TEXT NOT NULL, 
	display_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	email_key TEXT NOT NULL, 
	password TEXT, 
	role TEXT NOT NULL, 
	active BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	last_login_at BIGINT NOT NULL, 
	CONSTRAINT applinks_accounts_primary PRIMARY KEY (id), 
	CONSTRAINT applinks_accounts_name_key_unique UNIQUE (name_key)
);
INSERT INTO "applinks_accounts" VALUES('usr_0000000000000000000008','user-8','user-8','','','',NULL,'none',1,1800000000,0);
CREATE TABLE applinks_assertions (
	issuer TEXT NOT NULL, 
	jti TEXT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT applinks_assertions_primary PRIMARY KEY (issuer, jti)
);
INSERT INTO "applinks_assertions" VALUES('a','b',1800000300);
CREATE TABLE applinks_audit (
	"row" INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	actor TEXT NOT NULL, 
	action TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	link_id TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT applinks_audit_primary PRIMARY KEY ("row"), 
	CONSTRAINT applinks_audit_id_unique UNIQUE (id)
);
INSERT INTO "applinks_audit" VALUES(1,'evt_0000000000000000000001',1800000000,'user:1','link.approved','lnk','','{"scopes":["issues:read"]}');
INSERT INTO "applinks_audit" VALUES(2,'evt_0000000000000000000002',1800000000,'user:1','link.approved','lnk','','{"scopes":["issues:read"]}');
INSERT INTO "applinks_audit" VALUES(3,'evt_0000000000000000000008',1800000000,'user:1','link.approved','lnk','','{"scopes":["issues:read"]}');
CREATE TABLE applinks_client_secrets (
	"row" INTEGER NOT NULL, 
	client TEXT NOT NULL, 
	place BIGINT NOT NULL, 
	digest BLOB NOT NULL, 
	hint TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	last_used_at BIGINT NOT NULL, 
	CONSTRAINT applinks_client_secrets_primary PRIMARY KEY ("row"), 
	CONSTRAINT applinks_client_secrets_client_foreign FOREIGN KEY(client) REFERENCES applinks_clients (id)
);
INSERT INTO "applinks_client_secrets" VALUES(8,'cli_0000000000000000000008',1,X'64A459DA021E18AA80A972CA856E6F140DD499B9BD6DCA611809552BD22EBD6E','als_8',1800000000,1800000060,0);
INSERT INTO "applinks_client_secrets" VALUES(9,'cli_0000000000000000000008',0,X'DF060C0693AB0D2A20CB0C5E7401509A154E80D39AF927051FB720BEA3BAF0A5','als_9',1800000000,0,0);
CREATE TABLE applinks_clients (
	id TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	link_id TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	authentication TEXT NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	grant_types TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	application_scopes TEXT NOT NULL, 
	keys TEXT NOT NULL, 
	is_peer BIGINT NOT NULL, 
	paused BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	ended_at BIGINT NOT NULL, resources TEXT DEFAULT '[]' NOT NULL, 
	CONSTRAINT applinks_clients_primary PRIMARY KEY (id), 
	CONSTRAINT applinks_clients_link_id_foreign FOREIGN KEY(link_id) REFERENCES applinks_links (id)
);
INSERT INTO "applinks_clients" VALUES('cli_0000000000000000000001','https://start.example/applinks/oauth2/client.json','lnk_0000000000000000000001',1,'Start 1','private_key_jwt','["https://start.example/applinks/callback/lnk_0000000000000000000001"]','authorization_code refresh_token client_credentials','issues:read','','[]',1,0,1800000000,0,'[]');
INSERT INTO "applinks_clients" VALUES('cli_0000000000000000000002','https://start2.example/applinks/oauth2/client.json','lnk_0000000000000000000002',1,'Start 1','private_key_jwt','["https://start2.example/applinks/callback/lnk_0000000000000000000002"]','authorization_code refresh_token client_credentials','issues:read','','[]',1,0,1800000000,0,'[]');
INSERT INTO "applinks_clients" VALUES('cli_0000000000000000000008','probe-8','lnk_0000000000000000000008',1,'Start 8','client_secret','["/applinks/callback/lnk_0000000000000000000008"]','authorization_code refresh_token client_credentials','issues:read','','[]',0,0,1800000000,0,'["https://tracker.example"]');
CREATE TABLE applinks_codes (
	"row" INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	client TEXT NOT NULL, 
	grant_id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	redirect_uri TEXT NOT NULL, 
	code_challenge TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	issued_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	claimed_at BIGINT NOT NULL, 
	family_id TEXT NOT NULL, 
	CONSTRAINT applinks_codes_primary PRIMARY KEY ("row")
);
INSERT INTO "applinks_codes" VALUES(1,X'0E8F7F17837B687118DACE07FEEF40DBF4A3A0EE67114F74BD5168EF5F55B3E3','cli_0000000000000000000001','grt_0000000000000000000001','alice','https://start.example/applinks/callback/lnk_0000000000000000000001','challenge','issues:read issues:write','https://tracker.example',1800000000,1800000060,1800000000,'fam_0000000000000000000001');
INSERT INTO "applinks_codes" VALUES(3,X'7C6E5FB369293C93503D156FB77C17D8429D8F35EB6FE170C38FEB416D54326D','cli_0000000000000000000001','grt_0000000000000000000001','alice','https://start.example/applinks/callback/lnk_0000000000000000000001','challenge','issues:read issues:write','https://tracker.example',1800000000,1800000060,0,'');
CREATE TABLE applinks_connections (
	id TEXT NOT NULL, 
	link_id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	protocol TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	issuer TEXT NOT NULL, 
	access_token TEXT NOT NULL, 
	refresh_token TEXT, 
	scopes TEXT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	last_used_at BIGINT NOT NULL, 
	CONSTRAINT applinks_connections_primary PRIMARY KEY (id), 
	CONSTRAINT applinks_connections_link_id_foreign FOREIGN KEY(link_id) REFERENCES applinks_links (id), 
	CONSTRAINT applinks_connections_link_id_user_id_name_unique UNIQUE (link_id, user_id, name)
);
INSERT INTO "applinks_connections" VALUES('con_0000000000000000000001','lnk_0000000000000000000002','alicia','','oauth2',1,'active','https://start2.example','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiVUdJdDd2NU9wNm02Iiwicm93IjoiYXBwbGlua3NfY29ubmVjdGlvbnMvYWNjZXNzX3Rva2VuL2Nvbl8wMDAwMDAwMDAwMDAwMDAwMDAwMDAxIn0..4bfTIoAdJqhZXvjM.miD6SxIB0rFssz9IkKSwv5b3.omVKZdrKFoecfm-gSyf0Ig','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiVUdJdDd2NU9wNm02Iiwicm93IjoiYXBwbGlua3NfY29ubmVjdGlvbnMvcmVmcmVzaF90b2tlbi9jb25fMDAwMDAwMDAwMDAwMDAwMDAwMDAwMSJ9..g1jV1RnemG59D83D.QAvWOuEHrqDRw1KOc-vPk5dpRQ.EaxdVatk3RlxRXyCi2PZ1Q','pages:read',1800003600,'',1800000000,0);
CREATE TABLE applinks_decided_proposals (
	issuer TEXT NOT NULL, 
	jti TEXT NOT NULL, 
	decided_by TEXT NOT NULL, 
	decided_at BIGINT NOT NULL, 
	answer TEXT NOT NULL, 
	return_url TEXT NOT NULL, 
	CONSTRAINT applinks_decided_proposals_primary PRIMARY KEY (issuer, jti)
);
INSERT INTO "applinks_decided_proposals" VALUES('https://start.example','jti','1',1800000000,'a.b.c','https://start.example/applinks/link/callback');
CREATE TABLE applinks_failures (
	"row" INTEGER NOT NULL, 
	reference TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	place TEXT NOT NULL, 
	code TEXT NOT NULL, 
	description TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	link_id TEXT NOT NULL, 
	client TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	CONSTRAINT applinks_failures_primary PRIMARY KEY ("row"), 
	CONSTRAINT applinks_failures_reference_unique UNIQUE (reference)
);
INSERT INTO "applinks_failures" VALUES(1,'AL-P34T-R6F5',1800000000,'token','invalid_grant','No.','why','lnk_0000000000000000000002','','');
CREATE TABLE applinks_families (
	id TEXT NOT NULL, 
	grant_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	absolute_expires_at BIGINT NOT NULL, 
	revoked_at BIGINT NOT NULL, 
	CONSTRAINT applinks_families_primary PRIMARY KEY (id)
);
INSERT INTO "applinks_families" VALUES('fam_0000000000000000000001','grt_0000000000000000000001',1800000000,1800086400,0);
CREATE TABLE applinks_grants (
	id TEXT NOT NULL, 
	client TEXT NOT NULL, 
	link_id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	last_used_at BIGINT NOT NULL, 
	ended_at BIGINT NOT NULL, 
	ended_by TEXT, 
	CONSTRAINT applinks_grants_primary PRIMARY KEY (id), 
	CONSTRAINT applinks_grants_client_foreign FOREIGN KEY(client) REFERENCES applinks_clients (id), 
	CONSTRAINT applinks_grants_link_id_foreign FOREIGN KEY(link_id) REFERENCES applinks_links (id)
);
INSERT INTO "applinks_grants" VALUES('grt_0000000000000000000001','cli_0000000000000000000001','lnk_0000000000000000000001','alice','issues:read issues:write','https://tracker.example',1800000001,0,0,NULL);
CREATE TABLE applinks_instance (
	slot INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT applinks_instance_primary PRIMARY KEY (slot)
);
INSERT INTO "applinks_instance" VALUES(1,'urn:uuid:7176f79f-d68c-4ad3-ae2d-4843b8d7dd83',1800000000);
CREATE TABLE applinks_keys (
	kid TEXT NOT NULL, 
	protocol TEXT NOT NULL, 
	algorithm TEXT NOT NULL, 
	public TEXT NOT NULL, 
	private TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	retired_at BIGINT NOT NULL, 
	CONSTRAINT applinks_keys_primary PRIMARY KEY (kid)
);
INSERT INTO "applinks_keys" VALUES('MY5240YwME4TwizGpkcmRE0hBat60CvEjkJuRRrcFLg','oauth2','ES256','{"crv":"P-256","kty":"EC","x":"AT3YbqhRY0A3-3mEzflJPslsa3_NVIXWA7XBcTaU4co","y":"fvTQ8cADCogmrKbz6H7QMUf7M6JhyWWbBNW-qw2Dmo8","kid":"MY5240YwME4TwizGpkcmRE0hBat60CvEjkJuRRrcFLg","alg":"ES256","use":"sig"}','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiVUdJdDd2NU9wNm02Iiwicm93IjoiYXBwbGlua3Nfa2V5cy9wcml2YXRlL01ZNTI0MFl3TUU0VHdpekdwa2NtUkUwaEJhdDYwQ3ZFamtKdVJScmNGTGcifQ..PG24ATlOPB8amPlX.QaVEtG2XgOp_OsIzCNUh8O5hvgfYb2icO8nxBP7kCeSmXTRN-QzYrMo2EMvahNzIHa-OMN8O9upgbRoxD9qfF5X99dbc35bLvsBat_eykkjh-6uLWtWvgCGjx_fH60zl2e-jb9Me-wSuyC7Pk_aQAAsTtXLB1X21QBF_pKqVlEUOosD4CfMnE6gHCgPfcL0JCcWFiWBeppnXh0QV-ZHqQbUoBrlD66wKTFzvclahj88IFYdVo0cGE5lOZlPjUnwFaMm-56wZrhP2hS0cA-5qI_Ioof-2D9oLTbZ5c7KZVNPTBhs8VUjjRfD0JLhipSnFSLCZgiKro4ElQrrDWa1UJTDD1OxOgO8zE95MKUc.5WOQG-_doriYUUGjH84M2g',1800000000,0);
CREATE TABLE applinks_leases (
	job TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	taken_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT applinks_leases_primary PRIMARY KEY (job)
);
INSERT INTO "applinks_leases" VALUES('prune','one',1800000000,1800000060);
CREATE TABLE applinks_links (
	id TEXT NOT NULL, 
	handle TEXT NOT NULL, 
	name TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	seq BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	peer_id TEXT NOT NULL, 
	peer_url TEXT NOT NULL, 
	peer TEXT NOT NULL, 
	incoming TEXT NOT NULL, 
	outgoing TEXT NOT NULL, 
	agreed TEXT, 
	pending TEXT, 
	pause TEXT, 
	rest TEXT NOT NULL, 
	check_result TEXT NOT NULL, 
	pending_until BIGINT NOT NULL, 
	statement_attempts BIGINT NOT NULL, 
	statement_at BIGINT NOT NULL, 
	test_call_attempts BIGINT NOT NULL, 
	test_call_at BIGINT NOT NULL, 
	private_address BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by TEXT NOT NULL, 
	in_force_at BIGINT NOT NULL, 
	ended_at BIGINT NOT NULL, 
	ended_reason TEXT, kind TEXT DEFAULT 'handshake' NOT NULL, 
	CONSTRAINT applinks_links_primary PRIMARY KEY (id)
);
INSERT INTO "applinks_links" VALUES('lnk_0000000000000000000001','start-1','Start 1',1,0,'in_force','urn:uuid:00000000-0000-4000-8000-000000000001','https://start.example','{"id":"urn:uuid:00000000-0000-4000-8000-000000000001","name":"Stärt page","url":"https://start.example","manifest":{"applinks":"1","scopes":[{"name":"pages:read","description":"See “pages”"}]},"keys":[{"kty":"EC","kid":"one","crv":"P-256","x":"x","y":"y"}],"announced":[],"unannounced":[],"seq":0,"heard_seq":0,"agreed_digest":null,"paused":false,"allows":null,"check":"pending","ended":false,"heard_at":0,"keys_read_at":0}','{"level":"disabled","protocols":[],"user_scopes":[],"application_scopes":[]}','{"level":"disabled","protocols":[],"user_scopes":[],"application_scopes":[]}','{"revision":1,"digest":"digest","terms":{"access":[{"from_url":"https://start.example","to_url":"https://tracker.example","protocols":["oauth2"],"level":"oauth","user_scopes":["issues:read","issues:write"],"application_scopes":["issues:read"]}]}}',NULL,NULL,'','pending',0,0,0,0,0,0,1800000000,'user:1',1800000000,0,NULL,'handshake');
INSERT INTO "applinks_links" VALUES('lnk_0000000000000000000002','start-2','Start 1',3,6,'in_force','urn:uuid:2','https://start2.example','{"id":"urn:uuid:2","name":"Stärt page","url":"https://start2.example","manifest":{"applinks":"1","scopes":[{"name":"pages:read","description":"See “pages”"}]},"keys":[{"kty":"EC","kid":"one","crv":"P-256","x":"x","y":"y"}],"announced":["two"],"unannounced":[{"kty":"EC","kid":"three"}],"seq":5,"heard_seq":4,"agreed_digest":"digest","paused":true,"allows":{"user_scopes":["pages:read"],"application_scopes":[]},"check":"failed:timeout","ended":true,"heard_at":1800000000,"keys_read_at":1800000000}','{"level":"oauth","protocols":["oauth2"],"user_scopes":["issues:read"],"application_scopes":[]}','{"level":"impersonation","protocols":["oauth2"],"user_scopes":[],"application_scopes":["pages:read"]}','{"revision":1,"digest":"digest","terms":{"access":[{"from_url":"https://start.example","to_url":"https://tracker.example","protocols":["oauth2"],"level":"oauth","user_scopes":["issues:read","issues:write"],"application_scopes":["issues:read"]}]}}','{"revision":1,"state":"approved","proposal":"a.b.c","proposal_digest":"digest","answer":"d.e.f","answer_digest":"other","terms":{"access":[{"from_url":"https://start.example","to_url":"https://tracker.example","protocols":["oauth2"],"level":"oauth","user_scopes":["issues:read","issues:write"],"application_scopes":["issues:read"]}]},"until":1800000720,"session":"00ff"}','{"by":"user:1","at":1800000000,"reason":"Sunday"}','keys_changed out_of_step','passed',1800000720,2,1800000005,1,1800000002,1,1800000000,'user:1',1800000000,0,NULL,'handshake');
INSERT INTO "applinks_links" VALUES('lnk_0000000000000000000003','start-3','Start 3',1,0,'proposed','urn:uuid:00000000-0000-4000-8000-000000000003','https://start3.example','{"id":"urn:uuid:00000000-0000-4000-8000-000000000003","name":"Stärt page","url":"https://start3.example","manifest":{"applinks":"1","scopes":[{"name":"pages:read","description":"See “pages”"}]},"keys":[{"kty":"EC","kid":"one","crv":"P-256","x":"x","y":"y"}],"announced":[],"unannounced":[],"seq":0,"heard_seq":0,"agreed_digest":null,"paused":false,"allows":null,"check":"pending","ended":false,"heard_at":0,"keys_read_at":0}','{"level":"disabled","protocols":[],"user_scopes":[],"application_scopes":[]}','{"level":"disabled","protocols":[],"user_scopes":[],"application_scopes":[]}',NULL,'{"revision":1,"state":"proposed","proposal":"a.b.c","proposal_digest":"digest","answer":"","answer_digest":"","terms":{"access":[{"from_url":"https://start.example","to_url":"https://tracker.example","protocols":["oauth2"],"level":"oauth","user_scopes":["issues:read","issues:write"],"application_scopes":["issues:read"]}]},"until":1800000720,"session":""}',NULL,'','pending',1800000720,0,0,0,0,0,1800000000,'user:1',0,0,NULL,'handshake');
INSERT INTO "applinks_links" VALUES('lnk_0000000000000000000004','start-4','Start 4',1,0,'ended','urn:uuid:00000000-0000-4000-8000-000000000004','https://start4.example','{"id":"urn:uuid:00000000-0000-4000-8000-000000000004","name":"Stärt page","url":"https://start4.example","manifest":{"applinks":"1","scopes":[{"name":"pages:read","description":"See “pages”"}]},"keys":[{"kty":"EC","kid":"one","crv":"P-256","x":"x","y":"y"}],"announced":[],"unannounced":[],"seq":0,"heard_seq":0,"agreed_digest":null,"paused":false,"allows":null,"check":"pending","ended":false,"heard_at":0,"keys_read_at":0}','{"level":"disabled","protocols":[],"user_scopes":[],"application_scopes":[]}','{"level":"disabled","protocols":[],"user_scopes":[],"application_scopes":[]}','{"revision":1,"digest":"digest","terms":{"access":[{"from_url":"https://start.example","to_url":"https://tracker.example","protocols":["oauth2"],"level":"oauth","user_scopes":["issues:read","issues:write"],"application_scopes":["issues:read"]}]}}',NULL,NULL,'','pending',0,0,0,0,0,0,1800000000,'user:1',1800000000,1800000000,'deleted','handshake');
INSERT INTO "applinks_links" VALUES('lnk_0000000000000000000008','start-8','Start 8',1,0,'in_force','','','{"id":"","name":"Server 8","url":"","manifest":{},"keys":[],"announced":[],"unannounced":[],"seq":0,"heard_seq":0,"agreed_digest":null,"paused":false,"allows":null,"check":"pending","ended":false,"heard_at":0,"keys_read_at":0,"issuer":"","token_endpoint":"","private_origins":[]}','{"level":"disabled","protocols":[],"user_scopes":[],"application_scopes":[]}','{"level":"disabled","protocols":[],"user_scopes":[],"application_scopes":[]}',NULL,NULL,NULL,'','none',0,0,0,0,0,0,1800000000,'user:1',1800000000,0,NULL,'by_hand');
CREATE TABLE applinks_refresh_tokens (
	"row" INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	client TEXT NOT NULL, 
	grant_id TEXT NOT NULL, 
	family_id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	issued_at BIGINT NOT NULL, 
	idle_expires_at BIGINT NOT NULL, 
	superseded_at BIGINT NOT NULL, 
	successor_row BIGINT NOT NULL, 
	successor TEXT, 
	successor_scopes TEXT NOT NULL, 
	CONSTRAINT applinks_refresh_tokens_primary PRIMARY KEY ("row")
);
INSERT INTO "applinks_refresh_tokens" VALUES(1,X'CCDBD43396ECA4124F9A7BCF165E6ADEEAF98B7B96B55D061CC7D7779E276F22','cli_0000000000000000000001','grt_0000000000000000000001','fam_0000000000000000000001','alice','issues:read issues:write','https://tracker.example',1800000000,1800086400,1800000005,2,'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiVUdJdDd2NU9wNm02Iiwicm93IjoiYXBwbGlua3NfcmVmcmVzaF90b2tlbnMvc3VjY2Vzc29yLzEifQ..prUoP-AAn7_xPF4d.XkmeB6H8.orU510EksI833YjAi2hmJA','issues:read');
INSERT INTO "applinks_refresh_tokens" VALUES(2,X'B5BAC0CB1025064A069B66A8A42597D244C328ECAD8EFBC30A81D117E0E9F0C5','cli_0000000000000000000001','grt_0000000000000000000001','fam_0000000000000000000001','alice','issues:read issues:write','https://tracker.example',1800000000,1800086400,0,0,NULL,'');
CREATE TABLE applinks_registrations (
	link_id TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	client_secret TEXT, 
	authentication TEXT NOT NULL, 
	document TEXT NOT NULL, 
	endpoints TEXT, 
	resource TEXT NOT NULL, 
	CONSTRAINT applinks_registrations_primary PRIMARY KEY (link_id), 
	CONSTRAINT applinks_registrations_link_id_foreign FOREIGN KEY(link_id) REFERENCES applinks_links (id)
);
INSERT INTO "applinks_registrations" VALUES('lnk_0000000000000000000008','tracker','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiVUdJdDd2NU9wNm02Iiwicm93IjoiYXBwbGlua3NfcmVnaXN0cmF0aW9ucy9jbGllbnRfc2VjcmV0L2xua18wMDAwMDAwMDAwMDAwMDAwMDAwMDA4In0..aWYrXtumOQp-wMii.U4LpLTGVmm7YLGVy.zOnyy1oAXly_G0ozggSSxg','client_secret_basic','document-8',NULL,'');
CREATE TABLE applinks_round_trips (
	state BLOB NOT NULL, 
	session BLOB NOT NULL, 
	link_id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	issuer TEXT NOT NULL, 
	code_verifier TEXT NOT NULL, 
	redirect_uri TEXT NOT NULL, 
	scopes TEXT NOT NULL, 
	return_to TEXT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT applinks_round_trips_primary PRIMARY KEY (state), 
	CONSTRAINT applinks_round_trips_link_id_foreign FOREIGN KEY(link_id) REFERENCES applinks_links (id)
);
INSERT INTO "applinks_round_trips" VALUES(X'7373737373737373737373737373737373737373737373737373737373737373',X'6262626262626262626262626262626262626262626262626262626262626262','lnk_0000000000000000000002','alicia','','https://start.example','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiVUdJdDd2NU9wNm02Iiwicm93IjoiYXBwbGlua3Nfcm91bmRfdHJpcHMvY29kZV92ZXJpZmllci83MzczNzM3MzczNzM3MzczNzM3MzczNzM3MzczNzM3MzczNzM3MzczNzM3MzczNzM3MzczNzM3MzczNzM3MzczIn0..NthGb8wlbhKEzjBZ.OHCY_94DUUE.p_U24H-q_27Y5gPLdU-Xww','https://tracker.example/applinks/callback/lnk_0000000000000000000002','pages:read','/dashboard',1800000600);
CREATE TABLE applinks_sessions (
	id BLOB NOT NULL, 
	csrf_secret TEXT NOT NULL, 
	data TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	confirmed_at BIGINT NOT NULL, 
	CONSTRAINT applinks_sessions_primary PRIMARY KEY (id)
);
INSERT INTO "applinks_sessions" VALUES(X'6969696969696969696969696969696969696969696969696969696969696969','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiVUdJdDd2NU9wNm02Iiwicm93IjoiYXBwbGlua3Nfc2Vzc2lvbnMvY3NyZl9zZWNyZXQvNjk2OTY5Njk2OTY5Njk2OTY5Njk2OTY5Njk2OTY5Njk2OTY5Njk2OTY5Njk2OTY5Njk2OTY5Njk2OTY5Njk2OSJ9..Jyu_aohzCp-oOfQo.H9thPFt5c7gUKyU.2exiRrS0ENDLeWa_u14pkA','{"offers":{"a":1}}','alice',1800000000,1800000000,0);
CREATE TABLE applinks_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT applinks_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "applinks_version" VALUES('0002');
CREATE UNIQUE INDEX applinks_links_live_handle ON applinks_links (handle) WHERE ended_at = 0;
CREATE INDEX applinks_decided_proposals_decided_at_index ON applinks_decided_proposals (decided_at);
CREATE INDEX applinks_clients_link_id_index ON applinks_clients (link_id);
CREATE UNIQUE INDEX applinks_clients_live_client_id ON applinks_clients (client_id) WHERE ended_at = 0;
CREATE INDEX applinks_grants_client_user_id_index ON applinks_grants (client, user_id);
CREATE INDEX applinks_grants_link_id_index ON applinks_grants (link_id);
CREATE INDEX applinks_grants_user_id_index ON applinks_grants (user_id);
CREATE INDEX applinks_families_absolute_expires_at_index ON applinks_families (absolute_expires_at);
CREATE INDEX applinks_codes_expires_at_index ON applinks_codes (expires_at);
CREATE INDEX applinks_assertions_expires_at_index ON applinks_assertions (expires_at);
CREATE INDEX applinks_access_tokens_expires_at_index ON applinks_access_tokens (expires_at);
CREATE INDEX applinks_refresh_tokens_idle_expires_at_index ON applinks_refresh_tokens (idle_expires_at);
CREATE INDEX applinks_refresh_tokens_kept_answers ON applinks_refresh_tokens (superseded_at) WHERE successor IS NOT NULL;
CREATE INDEX applinks_connections_user_id_index ON applinks_connections (user_id);
CREATE INDEX applinks_round_trips_expires_at_index ON applinks_round_trips (expires_at);
CREATE INDEX applinks_round_trips_link_id_index ON applinks_round_trips (link_id);
CREATE INDEX applinks_round_trips_user_id_index ON applinks_round_trips (user_id);
CREATE INDEX applinks_sessions_seen_at_index ON applinks_sessions (seen_at);
CREATE INDEX applinks_failures_at_index ON applinks_failures (at);
CREATE INDEX applinks_failures_link_id_row_index ON applinks_failures (link_id, "row");
CREATE INDEX applinks_audit_at_index ON applinks_audit (at);
CREATE INDEX applinks_audit_link_id_row_index ON applinks_audit (link_id, "row");
CREATE UNIQUE INDEX applinks_links_live_url ON applinks_links (peer_url) WHERE state IN ('in_force', 'approved', 'confirming') AND peer_url <> '';
CREATE UNIQUE INDEX applinks_links_live_peer ON applinks_links (peer_id) WHERE state IN ('in_force', 'approved', 'confirming') AND peer_id <> '';
CREATE INDEX applinks_client_secrets_client_index ON applinks_client_secrets (client);
CREATE UNIQUE INDEX applinks_registrations_document ON applinks_registrations (document) WHERE document <> '';
CREATE INDEX applinks_accounts_email_key_index ON applinks_accounts (email_key);
CREATE INDEX applinks_sessions_user_id_seen_at_index ON applinks_sessions (user_id, seen_at);
COMMIT;
