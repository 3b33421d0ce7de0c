import{a as s}from"./chunk-SZL3WUI7.js";import{X as t,ga as i,t as o}from"./chunk-VH7RM6FF.js";function u({codes:e,user:r}){let c=`${o("codes.file",{user:r,server:location.host})}

${e.join(`
`)}
`;return t("div",{class:"print",children:[t("p",{children:o("codes.text")}),t("ul",{class:"recovery","aria-label":o("codes.list"),children:e.map(n=>t("li",{children:t("code",{children:n})},n))}),t("p",{class:"actions no-print",children:[t("button",{type:"button",class:"outline",onClick:()=>s("vouchsafe-recovery-codes.txt",c),children:o("codes.save")}),t("button",{type:"button",class:"outline",onClick:()=>window.print(),children:o("codes.print")}),t(i,{text:e.join(`
`)})]})]})}export{u as a};
