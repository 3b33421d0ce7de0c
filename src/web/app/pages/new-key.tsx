// SPDX-License-Identifier: ISC
// The key for a certificate: dropped, pasted, chosen as a file, or made in the page. A private key is noticed
// here and goes nowhere.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { opensshFile, puttyFile } from '../ssh/keyfile';
import { generate } from '../ssh/keygen';
import { keyOf, readPasted } from '../ssh/pubkey';
import type { Pasted, PublicKey } from '../ssh/pubkey';
import { Badge, Note } from '../ui/bits';
import { Field } from '../ui/forms';
import { useAction } from '../ui/load';
import { ProblemBox } from '../ui/problem';
import { save } from '../ui/save';

export interface ChosenKey {
    key: PublicKey;
    name: string; // of its private file, as far as it is known
    isMadeHere: boolean;
}

const LARGEST = 64 * 1024;

function About({ chosen }: { chosen: ChosenKey }): JSX.Element {
    const { key } = chosen;
    const isWeak = key.type === 'ssh-dss' || (key.type === 'ssh-rsa' && (key.bits ?? 0) < 3072);
    return (
        <Note tone={isWeak ? 'warn' : 'good'}>
            <p>
                <strong>{t('key.taken')}</strong> {key.type} {key.bits ? t('key.bits', { n: key.bits }) : ''} {key.comment}
            </p>
            <p>
                <code class="break">{key.fingerprint}</code>
            </p>
            {isWeak && <p>{t('key.weak')}</p>}
        </Note>
    );
}

function PrivateNote({ found, onPublic }: { found: Extract<Pasted, { kind: 'private' }>; onPublic: (key: PublicKey) => void }): JSX.Element {
    const { publicPart } = found;
    return (
        <Note tone="bad">
            <p>
                <strong>{t('key.private')}</strong>
            </p>
            <p>{t('key.private.text')}</p>
            {publicPart ? (
                <button type="button" class="small" onClick={() => onPublic(publicPart)}>
                    {t('key.private.extract')}
                </button>
            ) : (
                <p>
                    <code>ssh-keygen -y -f FILE</code>
                </p>
            )}
        </Note>
    );
}

function Paste({ onChoose }: { onChoose: (chosen: ChosenKey | null) => void }): JSX.Element {
    const [text, setText] = useState('');
    const [found, setFound] = useState<Pasted>({ kind: 'empty' });
    const [isOver, setOver] = useState(false);
    const fileName = useRef('id_ed25519');
    const take = async (next: string): Promise<void> => {
        if (next === '' && found.kind === 'private') {
            return; // the field was emptied by us: what was found stays said
        }
        const result = await readPasted(next);
        // What is private is not even kept in the field.
        setText(result.kind === 'private' ? '' : next);
        setFound(result);
        onChoose(result.kind === 'public' ? { key: result.key, name: fileName.current, isMadeHere: false } : null);
    };
    const takeFile = async (file: File | undefined): Promise<void> => {
        if (file) {
            fileName.current = file.name.replace(/\.(pub|ppk)$/, '');
            await take(file.size > LARGEST ? ' unknown' : await file.text());
        }
    };
    const drop = (event: DragEvent): void => {
        event.preventDefault();
        setOver(false);
        void takeFile(event.dataTransfer?.files[0]);
    };
    return (
        <div
            class={isOver ? 'drop over' : 'drop'}
            onDragOver={(event) => {
                event.preventDefault();
                setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={drop}
        >
            <Field label={t('key.paste')} value={text} onInput={(next) => void take(next)} rows={4} isCode placeholder="ssh-ed25519 AAAA… you@laptop" help={t('key.paste.help')} />
            <label class="file">
                {t('key.file')} <input type="file" accept=".pub,.ppk,text/plain,*" onChange={(event) => void takeFile((event.target as HTMLInputElement).files?.[0])} />
            </label>
            {found.kind === 'private' && <PrivateNote found={found} onPublic={(key) => void take(key.line)} />}
            {found.kind === 'unknown' && <Note tone="bad">{t('key.unknown')}</Note>}
            {found.kind === 'certificate' && <Note tone="bad">{t('key.certificate')}</Note>}
        </div>
    );
}

function Make({ onChoose, comment }: { onChoose: (chosen: ChosenKey) => void; comment: string }): JSX.Element {
    const [form, setForm] = useState<'openssh' | 'putty'>(navigator.userAgent.includes('Windows') ? 'putty' : 'openssh');
    const [passphrase, setPassphrase] = useState('');
    const { run, isBusy, problem } = useAction(async () => {
        await new Promise((done) => setTimeout(done, 30)); // lets the page say that it works
        const pair = await generate();
        const key = await keyOf(pair.blob, comment);
        const name = 'id_vouch';
        if (form === 'openssh') {
            save(name, await opensshFile(pair, comment, passphrase), 'application/octet-stream');
        } else {
            save(`${name}.ppk`, await puttyFile(pair, comment, passphrase), 'application/octet-stream');
        }
        onChoose({ key, name, isMadeHere: true });
    });
    return (
        <div>
            <p>{t('key.make.text')}</p>
            <fieldset>
                <legend>{t('key.make.form')}</legend>
                <label class="tick">
                    <input type="radio" name="form" checked={form === 'openssh'} onInput={() => setForm('openssh')} />
                    <span>{t('key.make.openssh')}</span>
                </label>
                <label class="tick">
                    <input type="radio" name="form" checked={form === 'putty'} onInput={() => setForm('putty')} />
                    <span>{t('key.make.putty')}</span>
                </label>
            </fieldset>
            <Field label={t('key.make.passphrase')} type="password" value={passphrase} onInput={setPassphrase} autoComplete="new-password" help={t('key.make.passphrase.help')} />
            <ProblemBox problem={problem} />
            <button type="button" aria-busy={isBusy} disabled={isBusy} onClick={() => void run()}>
                {t('key.make')}
            </button>
        </div>
    );
}

interface KeyStepProps {
    chosen: ChosenKey | null;
    onChoose: (chosen: ChosenKey | null) => void;
    comment: string;
}

export function KeyStep({ chosen, onChoose, comment }: KeyStepProps): JSX.Element {
    const [way, setWay] = useState<'paste' | 'make'>('paste');
    useEffect(() => onChoose(null), [way]);
    return (
        <section>
            <h2>{t('new.key')}</h2>
            <div role="group" aria-label={t('new.key')}>
                <button type="button" class="outline small" aria-pressed={way === 'paste'} onClick={() => setWay('paste')}>
                    {t('key.have')}
                </button>
                <button type="button" class="outline small" aria-pressed={way === 'make'} onClick={() => setWay('make')}>
                    {t('key.none')}
                </button>
            </div>
            {way === 'paste' ? <Paste onChoose={onChoose} /> : <Make onChoose={onChoose} comment={comment} />}
            {chosen && (
                <>
                    <About chosen={chosen} />
                    {chosen.isMadeHere && (
                        <p>
                            <Badge tone="good">{t('key.made')}</Badge> {t('key.made.text')}
                        </p>
                    )}
                </>
            )}
        </section>
    );
}
