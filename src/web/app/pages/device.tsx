// SPDX-License-Identifier: ISC
// A program that waits to be let in: whoever is signed in compares its code with the one in their terminal,
// sees where it asks from, and decides; afterwards it can be taken back here.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../api';
import { t } from '../i18n';
import { query, setQuery } from '../router';
import { me } from '../session';
import type { Device } from '../types';
import { Code, Fact, Heading, Loading, Moment, Note } from '../ui/bits';
import { Field, Tick } from '../ui/forms';
import { useAction, useEvery, useGet } from '../ui/load';
import type { Loaded } from '../ui/load';
import { ProblemBox } from '../ui/problem';

const LOOPBACK = /^http:\/\/127\.0\.0\.1:\d{4,5}\/done\?code=[\w-]+&state=[\w-]+$/;

function AskCode(): JSX.Element {
    const [code, setCode] = useState('');
    const submit = (event: Event): void => {
        event.preventDefault();
        setQuery({ code: code.trim().toUpperCase() });
    };
    return (
        <form onSubmit={submit}>
            <Field label={t('device.code')} value={code} onInput={setCode} help={t('device.code.help')} autoComplete="off" maxLength={9} isCode required autofocus />
            <button type="submit" disabled={code.trim().length < 8}>
                {t('continue')}
            </button>
        </form>
    );
}

function Facts({ device }: { device: Device }): JSX.Element {
    return (
        <dl class="facts">
            <Fact name={t('device.machine')}>
                <Code>{device.client.host}</Code>
            </Fact>
            <Fact name={t('device.os')}>{device.client.os}</Fact>
            <Fact name={t('device.version')}>{device.client.version}</Fact>
            <Fact name={t('device.source')}>
                <Code>{device.source}</Code>
            </Fact>
            <Fact name={t('device.here')}>
                <Code>{device.here}</Code>
            </Fact>
            <Fact name={t('device.asked')}>
                <Moment at={device.created} relative />
            </Fact>
        </dl>
    );
}

// Where the addresses are two, a hasty click is not enough.
function Decide({ code, device, onDone }: { code: string; device: Device; onDone: (now: Device) => void }): JSX.Element {
    const [isSure, setSure] = useState(false);
    const decide = (what: 'approve' | 'deny') => async (): Promise<void> => onDone(await post<Device>(`/v1/device/${encodeURIComponent(code)}/${what}`));
    const approve = useAction(decide('approve'));
    const deny = useAction(decide('deny'));
    const isBusy = approve.isBusy || deny.isBusy;
    return (
        <>
            <p>{t('device.compare')}</p>
            <p class="device-code">{code}</p>
            {device.differs ? <Note tone="bad">{t('device.differs', { source: device.source, here: device.here })}</Note> : !device.loopback && <Note tone="warn">{t('device.elsewhere')}</Note>}
            <Facts device={device} />
            <p>{t('device.means', { user: me.value?.user ?? '' })}</p>
            {device.differs && <Tick label={t('device.sure', { host: device.client.host })} checked={isSure} onInput={setSure} />}
            <ProblemBox problem={approve.problem ?? deny.problem} />
            <p class="actions">
                <button type="button" aria-busy={approve.isBusy} disabled={isBusy || (device.differs && !isSure)} onClick={() => void approve.run()}>
                    {t('device.approve')}
                </button>
                <button type="button" class="danger outline" aria-busy={deny.isBusy} disabled={isBusy} onClick={() => void deny.run()}>
                    {t('device.deny')}
                </button>
            </p>
        </>
    );
}

function Granted({ code, device, onDone }: { code: string; device: Device; onDone: (now: Device) => void }): JSX.Element {
    const undo = useAction(async () => onDone(await post<Device>(`/v1/device/${encodeURIComponent(code)}/undo`)));
    return (
        <>
            <Note tone="good">
                <strong>{t('device.close')}</strong>
            </Note>
            <p>{t(device.state === 'taken' ? 'device.granted' : 'device.granting', { host: device.client.host, user: me.value?.user ?? '' })}</p>
            <Facts device={device} />
            <ProblemBox problem={undo.problem} />
            <p>{t('device.undo.text')}</p>
            <button type="button" class="danger outline" aria-busy={undo.isBusy} disabled={undo.isBusy} onClick={() => void undo.run()}>
                {t('device.undo')}
            </button>
        </>
    );
}

// The browser goes to the program's own port with what the program needs; it sends the browser back here.
function arrive(now: Device): void {
    if (now.redirect && LOOPBACK.test(now.redirect)) {
        location.assign(now.redirect);
    }
}

function Found({ code, found }: { code: string; found: Loaded<Device> }): JSX.Element {
    const [decided, setDecided] = useState<Device | null>(null);
    const device = decided?.state === 'undone' ? decided : found.data;
    useEvery(2, () => {
        if (found.data?.state === 'approved') {
            found.reload();
        }
    });
    const onDone = (now: Device): void => {
        setDecided(now);
        arrive(now);
        found.reload();
    };
    if (!device) {
        return (
            <>
                <ProblemBox problem={found.problem} onRetry={found.reload} />
                {found.isLoading ? <Loading /> : <AskCode />}
            </>
        );
    }
    switch (device.state) {
        case 'waiting':
            return <Decide code={code} device={device} onDone={onDone} />;
        case 'denied':
            return <Note tone="good">{t('device.denied')}</Note>;
        case 'undone':
            return <Note tone="good">{t('device.undone', { n: device.revoked })}</Note>;
        default:
            return <Granted code={code} device={device} onDone={onDone} />;
    }
}

export function DevicePage(): JSX.Element {
    const code = (query.value.get('code') ?? '').toUpperCase();
    const found = useGet<Device>(code ? `/v1/device/${encodeURIComponent(code)}` : null);
    return (
        <>
            <Heading title={t('device.title')} />
            {code ? <Found key={code} code={code} found={found} /> : <AskCode />}
        </>
    );
}
