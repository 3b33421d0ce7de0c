// SPDX-License-Identifier: ISC
// Taking a certificate back: how far, why, and what that does and does not do.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { t } from '../i18n';
import { mayAdminister, mayRead } from '../session';
import type { Cert, Page } from '../types';
import { withQuery } from '../router';
import { Note } from './bits';
import { Confirm } from './dialog';
import { useGet } from './load';

type Scope = 'serial' | 'fingerprint' | 'key_id';

function Count({ scope, cert }: { scope: Scope; cert: Cert }): JSX.Element {
    const member = scope === 'serial' ? { serial: cert.serial } : scope === 'fingerprint' ? { fingerprint: cert.fingerprint } : { key_id: cert.key_id };
    const found = useGet<Page<Cert>>(mayRead.value ? withQuery('/v1/certs', { ...member, valid_at: new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString(), limit: 100 }) : null);
    if (!found.data) {
        return <></>;
    }
    return <strong>{t('revoke.count', { n: found.data.items.length })}</strong>;
}

function Scopes({ scope, onScope, cert }: { scope: Scope; onScope: (scope: Scope) => void; cert: Cert }): JSX.Element {
    const choices: [Scope, string][] = [
        ['serial', t('revoke.serial', { serial: cert.serial })],
        ['fingerprint', t('revoke.key')],
        ['key_id', t('revoke.key-id', { id: cert.key_id })],
    ];
    return (
        <fieldset>
            <legend>{t('revoke.scope')}</legend>
            {choices.map(([value, text]) => (
                <label key={value} class="tick">
                    <input type="radio" name="scope" checked={scope === value} onInput={() => onScope(value)} />
                    <span>{text}</span>
                </label>
            ))}
        </fieldset>
    );
}

export function RevokeDialog({ cert, onClose, onDone }: { cert: Cert; onClose: () => void; onDone: () => void }): JSX.Element {
    const [scope, setScope] = useState<Scope>('serial');
    const work = async (reason: string): Promise<void> => {
        const member = scope === 'serial' ? { serial: cert.serial } : scope === 'fingerprint' ? { fingerprint: cert.fingerprint } : { key_id: cert.key_id };
        await post('/v1/revocations', { ...member, reason });
        onDone();
    };
    return (
        <Confirm title={t('revoke.title')} action={t('revoke')} asksReason="required" onClose={onClose} onConfirm={work}>
            {mayAdminister.value ? <Scopes scope={scope} onScope={setScope} cert={cert} /> : <p>{t('revoke.serial', { serial: cert.serial })}</p>}
            <p>
                <Count scope={scope} cert={cert} />
            </p>
            <Note tone="warn">{t('revoke.running')}</Note>
        </Confirm>
    );
}

export function RevokeButton({ cert, onDone }: { cert: Cert; onDone: () => void }): JSX.Element {
    const [isOpen, setOpen] = useState(false);
    return (
        <>
            <button type="button" class="small danger outline" onClick={() => setOpen(true)}>
                {t('revoke')}
                <span class="hidden"> {cert.serial}</span>
            </button>
            {isOpen && <RevokeDialog cert={cert} onClose={() => setOpen(false)} onDone={onDone} />}
        </>
    );
}
