import{a,b}from"./chunk-R3DUHKZS.js";import"./chunk-ZVYKCYKB.js";import"./chunk-WOT6VMZA.js";export{a as LanguageLinks,b as SignInPage};
