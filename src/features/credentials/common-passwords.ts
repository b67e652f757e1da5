// Of the most common passwords (and the patterns they grow into), those that pass the minimum length of twelve characters.
const common = `123456789012 1234567890123 12345678901234 123456789123 1234567891011 987654321098 qwertyuiop12 qwertyuiop123
qwertyuiopas qwertyuiopasdf qwertyuiopasdfghjklzxcvbnm 1qaz2wsx3edc 1qaz2wsx3edc4rfv q1w2e3r4t5y6 1q2w3e4r5t6y zaq12wsxcde3
asdfghjkl123 asdfghjklzxc qazwsxedcrfv passwordpassword password1234 password12345 password123456 passw0rd1234 p@ssw0rd1234
p@ssword1234 adminadmin123 administrator administrator1 adminpassword letmeinletmein letmein12345 welcome12345 welcome123456
iloveyou1234 iloveyouforever iloveyou12345 ihavenopassword changeme1234 changemechangeme changeme12345 trustno1trustno1
correcthorsebatterystaple abcdefghijkl abcdefghijklmnop abcdefghijklmnopqrstuvwxyz abcd1234abcd abc123abc123 aaaaaaaaaaaa
111111111111 000000000000 222222222222 123123123123 121212121212 112233445566 123456123456 123321123321 102030405060
footballfootball superman1234 princess1234 dragon123456 monkey123456 sunshine1234 liverpool123 chelsea12345 starwars1234
unbelievable mynameisjeff whatever1234 qwerty123456 qwerty1234567 secretpassword mypassword12 mypassword123 thisismypassword
yourpassword defaultpassword temporarypassword passwordistaco password!123 Password1234! nopassword123 testpassword testtesttest
testing12345 test12345678 guestguest123 rootrootroot rootpassword computer1234 internet1234 baseball1234 michael12345`

const refused = new Set(common.toLowerCase().split(/\s+/))

/** Whether a password is among the first that a guesser tries, also in another case or with one character repeated. */
export function isCommonPassword(password: string): boolean {
  return refused.has(password.toLowerCase()) || new Set(password.toLowerCase()).size < 3
}
