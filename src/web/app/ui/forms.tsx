// SPDX-License-Identifier: ISC
// Fields with their labels, helps and errors.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../i18n';

const LINE_MAX = 1024; // letters of one line, if nothing else is said

interface FieldProps {
    label: string;
    value: string;
    onInput: (value: string) => void;
    help?: ComponentChildren;
    error?: string | null;
    type?: 'text' | 'password' | 'number' | 'datetime-local' | 'search';
    name?: string;
    autoComplete?: string;
    inputMode?: 'numeric' | 'text';
    placeholder?: string;
    maxLength?: number;
    required?: boolean;
    rows?: number; // more than one line
    isCode?: true;
    autofocus?: true;
    list?: readonly string[];
}

export function Field(props: FieldProps): JSX.Element {
    const id = useId();
    const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
    useEffect(() => {
        if (props.autofocus) {
            input.current?.focus(); // browsers heed the attribute only for what a page begins with
        }
    }, []);
    const shared = {
        id,
        ref: input,
        value: props.value,
        class: props.isCode ? 'mono' : '',
        required: props.required ?? false,
        spellcheck: false,
        'aria-describedby': props.help || props.error ? `${id}-help` : undefined,
        'aria-invalid': props.error ? true : undefined,
        name: props.name,
        autocomplete: props.autoComplete,
        placeholder: props.placeholder,
        maxLength: props.maxLength ?? (props.rows ? undefined : LINE_MAX),
        autofocus: props.autofocus ?? false,
        onInput: (event: Event) => props.onInput((event.target as HTMLInputElement).value),
    } as Record<string, unknown>;
    const only: Record<string, unknown> = { type: props.type ?? 'text', inputMode: props.inputMode, list: props.list ? `${id}-list` : undefined };
    return (
        <div class="field">
            <label for={id}>{props.label}</label>
            {props.rows ? <textarea {...shared} rows={props.rows} /> : <input {...shared} {...only} />}
            {props.list && (
                <datalist id={`${id}-list`}>
                    {props.list.map((one) => (
                        <option key={one} value={one} />
                    ))}
                </datalist>
            )}
            {(props.help || props.error) && (
                <small id={`${id}-help`} class={props.error ? 'error' : ''}>
                    {props.error ?? props.help}
                </small>
            )}
        </div>
    );
}

interface SelectProps {
    label: string;
    value: string;
    options: readonly (readonly [value: string, text: string])[];
    onInput: (value: string) => void;
    help?: ComponentChildren;
}

export function Select({ label, value, options, onInput, help }: SelectProps): JSX.Element {
    const id = useId();
    return (
        <div class="field">
            <label for={id}>{label}</label>
            <select id={id} value={value} aria-describedby={help ? `${id}-help` : undefined} onInput={(event) => onInput((event.target as HTMLSelectElement).value)}>
                {options.map(([one, text]) => (
                    <option key={one} value={one}>
                        {text}
                    </option>
                ))}
            </select>
            {help && <small id={`${id}-help`}>{help}</small>}
        </div>
    );
}

interface TickProps {
    label: ComponentChildren;
    checked: boolean;
    onInput: (checked: boolean) => void;
}

export function Tick({ label, checked, onInput }: TickProps): JSX.Element {
    return (
        <label class="tick">
            <input type="checkbox" checked={checked} onInput={(event) => onInput((event.target as HTMLInputElement).checked)} />
            <span>{label}</span>
        </label>
    );
}

// One field for a code of the app; blanks may be typed.
export function CodeField({ value, onInput, label, autofocus }: { value: string; onInput: (value: string) => void; label?: string; autofocus?: true }): JSX.Element {
    return (
        <Field label={label ?? t('code.label')} value={value} onInput={onInput} inputMode="numeric" autoComplete="one-time-code" name="code" help={t('code.help')} maxLength={64} isCode {...(autofocus ? { autofocus } : {})} />
    );
}

export function words(text: string): string[] {
    return text.split(/[\s,]+/).filter(Boolean);
}

// KEY=VALUE lines as an object; null if one of them is none.
export function labelsOf(text: string): Record<string, string> | null {
    const labels: Record<string, string> = {};
    for (const part of words(text)) {
        const [, name, value] = /^([^=]+)=(.*)$/.exec(part) ?? [];
        if (!name || value === undefined) {
            return null;
        }
        labels[name] = value;
    }
    return labels;
}
