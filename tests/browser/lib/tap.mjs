// SPDX-License-Identifier: ISC
//
// Results in TAP, as the tests in Python write them: one row for each behaviour.

export class Failure extends Error {}
export class Skip extends Error {}

export function expect(condition, what) {
    if (!condition) {
        throw new Failure(what);
    }
}

export function expectEqual(got, wanted, what = 'value') {
    const [is, should] = [JSON.stringify(got), JSON.stringify(wanted)];
    if (is !== should) {
        throw new Failure(`${what}: got ${is}\n${what}: expected ${should}`);
    }
}

// Asks again and again until a condition holds, or fails after the time; `what` may be asked for only then.
export async function waitFor(condition, what, seconds = 20) {
    const end = performance.now() + seconds * 1000;
    for (;;) {
        const found = await condition();
        if (found) {
            return found;
        }
        if (performance.now() > end) {
            throw new Failure(`after ${seconds} s still not: ${typeof what === 'function' ? what() : what}`);
        }
        await new Promise((done) => setTimeout(done, 50));
    }
}

export function note(text) {
    for (const line of String(text).split('\n')) {
        console.log(`# ${line}`);
    }
}

export class Tap {
    count = 0;
    failed = 0;
    begun = performance.now();

    // `onFailure` is called with the row's name before it is reported, and what it returns is noted.
    constructor(onFailure) {
        this.onFailure = onFailure;
    }

    async row(name, body) {
        const begun = performance.now();
        const verdict = (word, more = '') => {
            this.count += 1;
            console.log(`${word} ${this.count} - ${name.replace(/[#\n]/g, ' ')}${more}`);
            note(`${((performance.now() - begun) / 1000).toFixed(1)} s`);
        };
        try {
            await body();
            verdict('ok');
        } catch (error) {
            if (error instanceof Skip) {
                verdict('ok', ` # SKIP ${error.message}`);
                return;
            }
            this.failed += 1;
            const more = await this.onFailure(name).catch((other) => `and then: ${other}`);
            verdict('not ok');
            note(error instanceof Failure ? error.message : error.stack ?? error);
            note(more);
        }
    }

    // Prints the plan; the exit status. A run without rows has failed.
    done() {
        note(`${((performance.now() - this.begun) / 1000).toFixed(1)} s`);
        console.log(`1..${this.count}`);
        return this.failed > 0 || this.count === 0 ? 1 : 0;
    }
}
