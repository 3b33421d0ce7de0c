// SPDX-License-Identifier: ISC
// What every picture has: a heading, a summary in words, and the same as a table and as CSV.
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n';
import { csv, save } from '../ui/save';

interface PictureProps {
    title: string;
    summary: string;
    head: string[];
    rows: string[][];
    file: string;
    children: ComponentChildren;
}

export function Picture({ title, summary, head, rows, file, children }: PictureProps): JSX.Element {
    const [isTable, setTable] = useState(false);
    return (
        <figure class="picture">
            <figcaption>
                <h2>{title}</h2>
                <p>{summary}</p>
            </figcaption>
            {isTable ? (
                <div class="scroll" tabIndex={0} role="region" aria-label={title}>
                    <table>
                        <caption>{title}</caption>
                        <thead>
                            <tr>
                                {head.map((one) => (
                                    <th key={one} scope="col">
                                        {one}
                                    </th>
                                ))}
                            </tr>
                        </thead>
                        <tbody>
                            {rows.map((row, i) => (
                                <tr key={i}>
                                    {row.map((cell, k) => (k === 0 ? <th scope="row">{cell}</th> : <td key={k}>{cell}</td>))}
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            ) : (
                <div class="canvas" tabIndex={0} role="group" aria-label={title}>
                    {children}
                </div>
            )}
            <p class="actions">
                <button type="button" class="small outline" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
                    {t('picture.table')}
                </button>
                <button type="button" class="small outline" onClick={() => save(`${file}.csv`, csv([head, ...rows]), 'text/csv;charset=utf-8')}>
                    CSV
                </button>
            </p>
        </figure>
    );
}
