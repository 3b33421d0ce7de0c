// SPDX-License-Identifier: ISC
// A question in front of the page: the browser's own dialogue, so that focus stays inside and Escape ends it.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { Field } from './forms';
import { useAction } from './load';
import { ProblemBox } from './problem';

interface DialogProps {
    title: string;
    onClose: () => void;
    children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps): JSX.Element {
    const self = useRef<HTMLDialogElement>(null);
    const id = useId();
    useEffect(() => {
        const dialog = self.current;
        dialog?.showModal();
        return () => dialog?.close();
    }, []);
    const cancel = (event: Event): void => {
        event.preventDefault();
        onClose();
    };
    return (
        <dialog ref={self} aria-labelledby={id} onCancel={cancel}>
            <article>
                <header>
                    <h2 id={id}>{title}</h2>
                    <button type="button" class="shut" aria-label={t('close')} onClick={onClose}>
                        ×
                    </button>
                </header>
                {children}
            </article>
        </dialog>
    );
}

interface ConfirmProps {
    title: string;
    action: string;
    onClose: () => void;
    onConfirm: (reason: string) => Promise<void>;
    children?: ComponentChildren;
    typed?: string; // what must be typed first
    asksReason?: 'required' | 'optional';
    isMild?: true;
}

// Says what will happen, takes a reason where one is kept, and does it.
export function Confirm(props: ConfirmProps): JSX.Element {
    const [reason, setReason] = useState('');
    const [typed, setTyped] = useState('');
    const { run, isBusy, problem } = useAction(async () => {
        await props.onConfirm(reason.trim());
        props.onClose();
    });
    const isReady = (props.typed === undefined || typed.trim() === props.typed) && (props.asksReason !== 'required' || reason.trim() !== '');
    const submit = (event: Event): void => {
        event.preventDefault();
        void run();
    };
    return (
        <Dialog title={props.title} onClose={props.onClose}>
            <form onSubmit={submit}>
                {props.children}
                {props.asksReason && (
                    <Field label={t(props.asksReason === 'required' ? 'reason' : 'reason.optional')} value={reason} onInput={setReason} maxLength={512} required={props.asksReason === 'required'} />
                )}
                {props.typed !== undefined && <Field label={t('confirm.type', { text: props.typed })} value={typed} onInput={setTyped} autoComplete="off" />}
                <ProblemBox problem={problem} />
                <footer>
                    <button type="button" class="secondary outline" onClick={props.onClose}>
                        {t('cancel')}
                    </button>
                    <button type="submit" class={props.isMild ? '' : 'danger'} disabled={!isReady || isBusy} aria-busy={isBusy}>
                        {props.action}
                    </button>
                </footer>
            </form>
        </Dialog>
    );
}
