// Goes on once every app has been told that the person has signed out (OpenID Connect Front-Channel Logout), or after three
// seconds. Without scripts the page does so by itself, and there is a link.
"use strict";
const onward = document.getElementById("onward");
const leave = () => { if (onward) location.replace(onward.href); };
addEventListener("load", leave);
setTimeout(leave, 3000);
