// SPDX-License-Identifier: ISC
// The German texts, as a part of their own. Exported whole: a part that names each key would hold them twice.
import de from '../messages/de.json';

export default de;
