// SPDX-License-Identifier: ISC
// A text as a QR code: one path of squares, with a light edge so that a phone reads it in the dark theme too.
import type { JSX } from 'preact';
import { encode } from 'uqr';

const BORDER = 4;

export function Qr({ text, label }: { text: string; label: string }): JSX.Element {
    const { data, size } = encode(text, { ecc: 'M', border: BORDER });
    const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
    return (
        <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
            <rect class="qr-light" width={size} height={size} />
            <path class="qr-dark" d={path} />
        </svg>
    );
}
