// SPDX-License-Identifier: ISC
// Saving what the page holds as a file, and tables as CSV.

export function save(name: string, content: string | Uint8Array<ArrayBuffer>, type = 'text/plain;charset=utf-8'): void {
    const link = document.createElement('a');
    const url = URL.createObjectURL(new Blob([content], { type }));
    link.href = url;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// A cell that begins as a formula would is made text, since spreadsheets run formulas.
function cell(text: string): string {
    const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

export function csv(rows: string[][]): string {
    return rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}
