"""What a box does when it starts: takes the owner's file from the boot partition, gives itself a name and keys, and says how that went.

Rule 1: nothing that stands in a file stops the boot. What cannot be used is left as it was, and said: on the boot partition, in the
journal, on the page.
Rule 2: the file says what to change. What is not in it changes nothing; a part that was applied is applied again only when it says
something else. So an owner may edit it whenever he likes, and what he changed elsewhere meanwhile stays.
Rule 3: first everything is read, then planned (values in, values out), then done below one root folder. Each part stands alone: a wrong
preset does not cost the Wi-Fi.
Rule 4: a secret leaves the boot partition, which everybody can read who has the card, as soon as the box has it. No reason shows one.
"""
