// SPDX-License-Identifier: ISC
// What the API answers, as doc/openapi.json describes it. Only what the pages read.

export type Time = string | null;

export interface Page<T> {
    items: T[];
    next: string | null;
}

export interface Session {
    id: string;
    user: string;
    methods: string;
    csrf?: string;
    demonstration?: boolean; // the server changes nothing
}

export interface RoleView {
    zone: string;
    role: string;
    group: string | null;
    logins: string[];
    ttl_s: number;
    approvals: number;
    needs_reason: boolean;
    factor_age_s: number;
    break_glass: boolean;
}

export interface Review {
    id: string;
    state: 'open' | 'done' | 'void';
    kind: 'loud' | 'sealed';
    drill: boolean;
    user: string;
    holder: string;
    role: string;
    zone: string;
    reason: string;
    source: string;
    fingerprint: string;
    opened: Time;
    serial: string | null;
    ends: Time;
    logins: number;
    used: Time;
    done_by: string | null;
    note: string | null;
    done: Time;
}

export interface Reviews extends Page<Review> {
    open: number;
    last_drill: Time;
}

export interface Me {
    user: string;
    name: string;
    is_admin: boolean;
    is_auditor: boolean;
    factor: Time;
    idle_ends: Time;
    ends: Time;
    policy: string;
    zones: { name: string; patterns: string[] }[];
    roles: RoleView[];
}

export interface ReachedHost {
    host: string;
    zone: string;
    logins: string[];
    roles: string[];
    requests: string[];
}

export interface Revoked {
    at: string;
    by: string;
    reason: string;
}

export interface Cert {
    serial: string;
    record: string;
    issued: string;
    type: 'user' | 'host';
    key_id: string;
    fingerprint: string;
    principals: string[];
    valid_after: Time;
    valid_before: Time;
    ca: string;
    actor: string;
    role: string;
    source: string;
    revoked: Revoked | null;
    certificate?: string;
}

export type RequestState = 'waiting' | 'approved' | 'denied' | 'cancelled' | 'expired' | 'taken';

export interface AccessRequest {
    schema?: string;
    id: string;
    user: string;
    zone: string;
    roles: string[];
    principals: string[];
    ttl_s: number;
    fingerprint: string;
    reason: string | null;
    source: string;
    created: Time;
    expires: Time;
    state: RequestState;
    missing: number;
    approvers: string[];
    decided_by: string | null;
    comment: string | null;
    serial: string | null;
}

export interface Login {
    id: string;
    host: string;
    time: Time;
    outcome: 'accepted' | 'refused';
    login: string;
    source: string | null;
    method: string | null;
    key_id: string | null;
    serial: string | null;
    fingerprint: string | null;
    ca: string | null;
    reason: string | null;
    line: string | null;
    alarm: string | null;
    user: string | null;
}

export interface Check {
    name: string;
    state: 'ok' | 'fail' | 'warn' | 'unknown';
    text: string;
    next: string | null;
}

export interface Explanation {
    outcome: 'yes' | 'no' | 'unknown';
    user: string;
    login: string;
    host: string;
    checks: Check[];
    refused: Login[];
    instead: string[];
}

export type HostState = 'waiting' | 'active' | 'locked' | 'retired';

export interface FleetHost {
    id: string;
    name: string;
    zone: string | null;
    labels: Record<string, string>;
    aliases: string[];
    state: HostState;
    why: string | null;
    in_policy: boolean;
    token: string | null;
    source: string | null;
    agent: string | null;
    sshd: string | null;
    created: Time;
    seen: Time;
    renewed: Time;
    generation: number;
    approvals: number;
    needed: number;
    approvers: string[];
    wished: string[];
    asker: string | null;
    adopt_until: Time;
    keys: { fingerprint: string; type: string; serial: string | null; valid_before: Time }[];
    reported: Time;
    krl_version: string;
    krl_generated: Time;
    state_version: string;
    trust_version: string;
    health: string | null;
    problems: string[];
    clock_ms: number;
}

export interface HostToken {
    id: string;
    match: string;
    zone: string;
    labels: Record<string, string>;
    networks: string[];
    uses: number;
    uses_left: number;
    created: Time;
    expires: Time;
    actor: string;
}

export interface NewHostToken extends HostToken {
    name: string;
    address: string | null;
    secret: string;
}

export interface Revocation {
    record: string;
    kind: 'serial' | 'key_id' | 'key' | 'ca';
    value: string;
    ca: string | null;
    reason: string;
    actor: string;
    at: string;
    until: Time;
}

export interface KrlStatus extends Page<{ host: string; version: string; generated: Time; reported: Time; arrived: Time; behind: boolean }> {
    version: string;
    generated: Time;
    hosts: number;
    current: number;
    silent: number;
    measured: number;
    within_95_s: number | null;
}

export type Ending = Pick<Cert, 'serial' | 'type' | 'key_id' | 'valid_before'>;

export interface SummaryRow {
    time: string;
    role: string;
    count: number;
}

export interface Summary {
    time: string;
    certs: { valid: number; revoked: number; next_end: Time };
    hosts: Record<'active' | 'ok' | 'attention' | 'critical' | 'silent' | 'behind' | 'waiting' | 'locked', number>;
    krl: { version: string; hosts: number; current: number };
    requests_waiting: number;
    logins_refused: { count: number; since: string };
    from: string;
    step_s: number;
    ending: Ending[];
    issued: SummaryRow[];
    refused: SummaryRow[];
}

export interface AccessPreview {
    missing: number; // approvals without which it is a request
    key_id: string;
    fingerprint: string;
    roles: string[];
    principals: string[];
    critical_options: Record<string, string>;
    extensions: string[];
    valid_after: string;
    valid_before: string;
}

// What a certificate of a request would open.
export interface Impacted {
    hosts: number;
    items: { host: string; logins: string[] }[];
}

export interface Preferences {
    theme: 'auto' | 'light' | 'dark' | null;
    language: 'en' | 'de' | null;
}

export interface Event {
    record: string;
    time: string;
    type: string;
    actor: string;
    object: string;
    details: Record<string, string>;
}

export interface Account {
    user: string;
    login: string | null;
    enabled: boolean;
    until: Time;
    password: boolean;
    totp: boolean;
    recovery_left: number;
    created: Time;
    signed_in: Time;
    sessions: number;
    closed: boolean;
    passkeys?: number;
}

export interface NewLink {
    user: string;
    name: string;
    expires: Time;
    address: string | null;
    secret: string;
}

// A program that was let in by browser, or waits for that.
export interface Device {
    state: 'waiting' | 'approved' | 'denied' | 'taken' | 'undone';
    client: { host: string; os: string; version: string };
    source: string;
    here: string;
    differs: boolean;
    loopback: boolean;
    created: Time;
    expires: Time;
    redirect: string | null;
    session: string | null;
    revoked: number;
}

export interface SignIn {
    id: string;
    user: string;
    methods: string;
    source: string;
    client: string | null;
    created: Time;
    used: Time;
    factor: Time;
    idle_ends: Time;
    ends: Time;
}

export interface CaKey {
    public_key: string;
    fingerprint: string;
}

export interface Ca {
    name: string;
    user_ca: CaKey;
    host_ca: CaKey;
    checkpoint_key: CaKey;
    krls: { user: { version: string; generated: Time }; host: { version: string; generated: Time } };
}

export interface Status {
    version: string;
    ready: boolean;
    ledger_size: string;
    checkpoint_size: string;
    indexed: string;
    epoch: string;
    serial: string;
    issued: number;
    refused: number;
    revoked: number;
}

export type Reach = 'none' | 'approval' | 'standing';

export interface AccessChange {
    login: string;
    before: Reach;
    after: Reach;
    users: string[];
    user_count: number;
    hosts: string[];
    host_count: number;
}

export interface PolicyDiff {
    version: string;
    changes: AccessChange[];
    edits: { what: 'added' | 'removed' | 'changed'; list: string; name: string; key: string | null }[];
    changes_in_all: number;
    edits_in_all: number;
}

export interface PolicyVersion {
    version: string;
    time: Time;
    actor: string;
    hash: string;
    record: string;
}

export interface Matrix {
    policy: string;
    rows: string[];
    columns: string[];
    rows_in_all: number;
    columns_in_all: number;
    cells: { row: number; column: number; standing: string[]; approval: string[]; break_glass: string[] }[];
}

export interface AccessPath {
    user: string;
    role: string;
    group: string | null;
    how: 'standing' | 'break-glass' | 'approval';
    ttl_s: number;
}

export interface Token {
    name: string;
    scopes: string[];
    profile: string | null;
    created: Time;
    expires: Time;
    last_used: Time;
    disabled: Time;
    actor: string;
    secret?: string;
}

export interface Profile {
    name: string;
    type: 'user' | 'host';
    principals: string[];
    options: string[];
    ttl_max_s: number;
    updated: Time;
    actor: string;
}

export interface Passkey {
    id: string;
    name: string;
    credential_id: string;
    may_be_copied: boolean;
    copied: boolean;
    created: Time;
    used: Time;
}

export interface RotationKey {
    fingerprint: string;
    type: string;
    state: 'next' | 'active' | 'old' | 'removed';
    since: Time;
    certs: number;
    valid: number;
    valid_until: Time;
}

export type RotationPhase = 'steady' | 'distribute' | 'drain' | 'removed';

export interface RotationItem {
    use: 'user' | 'host';
    phase: RotationPhase;
    next: 'switch' | 'remove' | 'destroy' | null;
    ready: boolean;
    keys: RotationKey[];
    needs: string | null;
    hosts: {
        active: number;
        reporting: number;
        covered: number;
        silent: number;
        blocking: number;
        named: { host: string; why: 'behind' | 'certificate' | 'silent'; agent: string | null; trust_version: string | null; reported: Time; valid_until: Time }[];
    };
    until: Time;
}

export interface Rotation {
    trust_version: string;
    sessions: number;
    sessions_current: number;
    items: RotationItem[];
}
