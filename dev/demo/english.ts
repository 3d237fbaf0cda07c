import { englishApplicants, englishPeople } from "./people.ts";
import type { Language } from "./topic.ts";

export const english: Language = {
  locale: "en-GB",
  people: englishPeople,
  applicants: englishApplicants,
  staff: {
    sales: [{ name: "Dilnoza Karimova", title: "Sales manager" }],
    export: [
      { name: "Sardor Mirzayev", title: "Head of export" },
      { name: "Alina Tsoy", title: "Export documents" },
    ],
    people: [{ name: "Gulnora Ismoilova", title: "People and hiring" }],
    support: [
      { name: "Timur Akhmedov", title: "Customer support" },
      { name: "Jasmine O'Brien", title: "Integration engineer" },
    ],
    billing: [{ name: "Marina Pak", title: "Accounts receivable" }],
  },
  greetings: ["Hi {to},", "Hello {to},", "Dear {to},", "Good morning {to},"],
  closings: ["Best regards,", "Kind regards,", "Many thanks,", "Regards,", "Cheers,"],
  asides: [
    "I am travelling on {day}, so my colleague may answer in my place.",
    "Sorry for the slow reply, we had stocktaking here.",
    "Our office is closed on the first Friday of the month.",
    "If it is easier by phone, call me any time before 17:00 🙂",
    "By the way, it was good to see your team at the fair in {city}.",
    "Could you keep the reference {order} in the subject? Our system files mail by it.",
    "No hurry with this one, the end of the week is fine.",
  ],
  topics: [
    {
      desk: "export",
      subjects: [
        "Samples of {product}",
        "{company}: enquiry for {product}",
        "Price request, {qty} kg {product}",
      ],
      turns: [
        [
          "We import dried fruit for bakeries and are looking for a second source of {product}. Could you quote {qty} kg delivered to {city}, and send a sample of half a kilo first?",
          "Your stand was recommended to us by a customer in {city}. Please let us have your best price for {qty} kg of {product}, crop of this year, in 10 kg cartons.",
          "A retail client asked us for {product} in 200 g pouches. Before we talk about {qty} kg we need to know the moisture, the shelf life and whether you hold BRC or IFS.",
        ],
        [
          "Thank you for the enquiry. For {qty} kg we can offer {price} per kg FCA Tashkent, that is {total} in all. The sample leaves with DHL on {later}; the price list is attached.",
          "Happy to help. This crop's {product} are at {price} per kg from {qty} kg upwards, moisture below 16 %, shelf life 12 months. You will find all grades in the attached list.",
        ],
        [
          "The samples arrived and our quality team likes the colour. The price is {percent} % above our target, is there room if we fix two shipments?",
          "Sample received in {city}, taste is excellent. Could you match {percent} % less for payment in advance?",
        ],
        [
          "For two shipments under one contract I can take off {percent} %. I will put {order} on hold for you until {later}.",
          "With full prepayment we can meet you halfway. The draft of the contract follows under number {order}.",
        ],
      ],
      files: { 1: "prices", 3: "contract" },
    },
    {
      desk: "export",
      subjects: ["Container {container}: documents", "ETA of {container}?", "Packing list of order {order}"],
      turns: [
        [
          "Our broker in {city} asks for the phytosanitary certificate and the EUR.1 of container {container}. Could you send scans before {day}? The vessel is already two days out.",
          "The line shows {container} as discharged but we have no arrival notice. Do you know what holds it? Order {order}, {qty} kg {product}.",
          "Please check the packing list of order {order}: it says {qty} kg net, the bill of lading says 40 kg more.",
        ],
        [
          "Scans are attached, the originals went with the driver and are in {city} on {later}.",
          "{container} was picked for an X-ray inspection and should move on {later}. The arrival notice follows; the invoice is attached once more for your broker.",
          "You are right, the tare of the pallets was counted twice. The corrected set is attached and the line has it as well.",
        ],
        [
          "The broker accepted everything, thank you. We expect release on {later}.",
          "It moved this morning, thank you for staying on it.",
          'Got them. One remark: the consignee must read {company}, without the word "trading".',
        ],
        [
          "Glad to hear it. Please keep the originals for the auditor.",
          "Good news. Let me know when the doors are open, I would like photos of the seal.",
          "Corrected and sent to the line, they confirm within the day.",
        ],
      ],
      files: { 1: "invoice" },
    },
    {
      desk: "export",
      subjects: ["Complaint: labels on order {order}", "Damaged cartons, {container}", "Claim {invoice}"],
      turns: [
        [
          "We opened {container} yesterday. About {percent} % of the cartons of {product} carry labels without the allergen line, and we cannot sell them in {city} like this. A photo is attached.",
          "The cartons in the last two rows are wet and {percent} % of the {product} has to be sorted by hand. The surveyor's photo is attached. How do you want to handle it?",
        ],
        [
          "I am sorry about this. We print new labels today and send them by courier at our cost; please tell us what the relabelling costs you.",
          "Thank you for the photo. We accept the claim and propose a credit note of {percent} % on invoice {invoice}. Our insurer may call you on {later}.",
        ],
        [
          "Labour is 14 hours, so 420 EUR. With that and the new labels the matter is closed for us.",
          "The credit note is fine if it comes this month. Otherwise our auditor will ask questions.",
        ],
        [
          "Agreed, the credit note is attached.",
          "It is booked today under {invoice}. Thank you for being fair about it.",
        ],
      ],
      files: { 0: "photo", 3: "invoice" },
    },
    {
      desk: "people",
      subjects: [
        "Application: export assistant",
        "Application: shipping documents",
        "Internship in your export team",
      ],
      turns: [
        [
          "I study food technology in {city} and graduate this summer. Your work with small growers is the reason I write: I would like to apply for the export team. My CV is attached, and I can start within {weeks} weeks.",
          "I have spent {years} years in freight forwarding in {city}, mostly with refrigerated cargo to the EU. I speak English, Russian and some Uzbek, and would like to move to Tashkent. Please find my CV attached.",
        ],
        [
          "Thank you for your application. We would like to get to know you: would a video call on {day} at {time} Tashkent time suit you?",
          "Your CV reached the right desk. {day} at {time}, half an hour, with me and the head of export: is that possible?",
        ],
        [
          "{day} at {time} works, I have put it in my calendar. Should I prepare anything?",
          "Yes, gladly. Is it about the role in the warehouse or the one in documents?",
        ],
        [
          "Just bring your questions. We will show you one real shipment and ask what you would check first.",
          "Documents to begin with. Have a look at the EUR.1 form and you will be ahead of most 😄",
        ],
      ],
      files: { 0: "resume" },
    },
    {
      desk: "support",
      subjects: ["Webhook delivers twice", "API answers 429 during import", "Question about {service}"],
      turns: [
        [
          "Since {day} our endpoint receives each status change of {service} twice, a few seconds apart. Same id, different timestamp. Is that expected?",
          "We import {qty} parcels every night through the API and since {day} a third of the calls end with 429. The limit on our plan should be higher. What are we doing wrong?",
          "Does {service} support several depots under one account? Our second site in {city} opens in {weeks} weeks.",
        ],
        [
          "Thanks for the report. Your endpoint takes 11 seconds to answer, and after 10 we try again. If you answer first and process later, the doubles stop. The delivery log is attached.",
          "I looked at your key: the calls come in one burst of 40 a second. Spread them to 10 a second, or use the batch call, which takes 500 at once. Notes are attached.",
          "Yes: each depot gets its own sender address and users can be limited to one. I have written down the steps in the attached file.",
        ],
        [
          "That was it. We put a queue in front and the numbers are clean since this morning.",
          "Batch works nicely, thank you. Could the docs mention the limit on the first page?",
          "Clear. We will set up the second depot this week and call you if we get stuck.",
        ],
        [
          "Great to hear, I am closing {order}. Write again any time.",
          "Good point, the page is changed. Ticket {order} is closed.",
          "Do. Your direct line to us is the number of this ticket, {order}.",
        ],
      ],
      files: { 1: "notes" },
    },
    {
      desk: "support",
      subjects: [
        "URGENT: drivers cannot log in",
        "{service} is very slow today",
        "Login codes rejected since {time} ⏰",
      ],
      turns: [
        [
          "Eleven drivers in {city} have been standing at the gate since {time} because the app rejects their codes. Please call me, this costs us a delivery window.",
          "{service} takes half a minute for every screen since {time}. The office in {city} has the same. Is there an incident?",
        ],
        [
          "We see it: a certificate expired at {time} and the phones no longer trust us. The new one is live, please ask the drivers to restart the app.",
          "There was one, caused by {reason}. It has been over for ten minutes; the report will be on the status page on {later}.",
        ],
        [
          "All eleven are in. I still want to know why nobody noticed before we did.",
          "Works again. We lost {percent} % of the morning slots, so please credit something.",
        ],
        [
          "Fair question. We had no alarm on that certificate; now there is one at 30, 14 and 3 days.",
          "I have asked billing for a credit of {percent} % of this month, you will see it on {invoice}.",
        ],
      ],
    },
    {
      desk: "billing",
      outbound: true,
      subjects: ["Invoice {invoice}", "Reminder: {invoice} is due", "Invoice {invoice} for {service}"],
      turns: [
        [
          "Please find attached invoice {invoice} for {service}, {fee} USD, payable within 14 days. The purchase order {order} is quoted on it.",
          "Invoice {invoice} over {fee} USD was due last week. It may have crossed with your payment; if not, a transfer by {day} would help us. A copy is attached.",
        ],
        [
          "Our system wants the VAT number of {company} on the invoice. Could you issue {invoice} again?",
          "Payment of {fee} USD went out this morning, value date {later}.",
          "We have {percent} % less on our side: the two licences we returned in spring are still on it.",
        ],
        [
          "Corrected and attached, with the same number and today's date.",
          "Thank you, I have booked it and closed {invoice}.",
          "You are right, the attached version has them removed. Apologies.",
        ],
      ],
      files: { 0: "invoice" },
    },
    {
      desk: "support",
      subjects: ["Onboarding call for {company}", "Demo of {service} on {day}", "Kick-off: {service}"],
      turns: [
        [
          "We decided for {service} and would like to bring our dispatchers in {city} on board. Is {day} at {time} possible for a first call? There will be six of us.",
          "Could you show {service} to our warehouse lead? {day}, {time} would be good, and please include the part about returns.",
        ],
        [
          "{day} at {time} is fine, the invitation is attached. Please send me a list of users before that.",
          "With pleasure. Invitation attached; I will bring a test account with data from a depot like yours.",
        ],
        [
          "Accepted. The list has 24 names, two of them only need to read reports.",
          "Thank you. Please record it, half of the night shift cannot join.",
        ],
        [
          "All 24 accounts are ready. Passwords go by SMS, not by mail.",
          "Recording it is. The link will be in the same calendar entry.",
        ],
      ],
      files: { 1: "invitation" },
    },
  ],
  followUps: [
    [
      "Who signs the acceptance on your side? We need the name for our form.",
      "{us} signs, the power of attorney is on file with you since January.",
    ],
    [
      "Could you change the contact for {order} to my colleague from next week?",
      "Changed. From {later} all notices go to both of you.",
    ],
    [
      "One more thing: our address in {city} has changed, the gate is now on the north side.",
      "Noted on the account and passed to the driver.",
    ],
    [
      "Is there a holiday on your side around {day}? Our calendar is not sure.",
      "Yes, we are closed that {day}. Somebody watches this mailbox in the morning.",
    ],
  ],
  farewell: ["Perfect, thank you. That is all from us for now 👍", "Thank you as well, have a good week."],
  fileNames: {
    invoice: "Invoice {invoice}.pdf",
    contract: "Contract {order} draft.pdf",
    resume: "CV.pdf",
    prices: "price-list-{city}.csv",
    notes: "steps-{order}.txt",
    photo: "IMG_{order}.png",
    invitation: "invite.ics",
  },
  steps: [
    "1. Sign in as administrator and open Settings.",
    "2. Choose Connections, then New, and give it a name you will recognise.",
    "3. Copy the key at once: it is shown only this time.",
    "4. Send one test parcel and check that it appears in the log within a minute.",
  ],
  words: {
    product: [
      "sun-dried apricots",
      "golden raisins",
      "pitted prunes",
      "walnut halves",
      "almonds in shell",
      "dried mulberries",
      "sour cherries",
      "cotton tea towels",
    ],
    service: ["Live Tracking", "Route Planner", "the Depot app", "Returns Desk", "Freight Exchange"],
    city: ["Rotterdam", "Hamburg", "Gdańsk", "Leeds", "Riga", "Dubai", "Lyon"],
    day: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    reason: [
      "a full disk on the map server",
      "a broken cable in the data centre",
      "an update that went wrong",
      "a provider outage",
    ],
  },
  price: { min: 76, max: 258, step: 0.05, unit: "USD" },
  wrote: (date, person) => `On ${date}, ${person} wrote:`,
};
