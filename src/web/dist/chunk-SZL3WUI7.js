function i(n,t,o="text/plain;charset=utf-8"){let e=document.createElement("a"),r=URL.createObjectURL(new Blob([t],{type:o}));e.href=r,e.download=n,document.body.append(e),e.click(),e.remove(),setTimeout(()=>URL.revokeObjectURL(r),1e4)}function c(n){let t=/^[=+\-@\t\r]/.test(n)?`'${n}`:n;return/[",\r\n]/.test(t)?`"${t.replaceAll('"','""')}"`:t}function s(n){return n.map(t=>t.map(c).join(",")).join(`\r
`)+`\r
`}export{i as a,s as b};
