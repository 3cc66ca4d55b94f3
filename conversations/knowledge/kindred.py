"""Words that customers and articles use for the same thing, English and French.

Customers write "money back" where the article says "refund". Written for customer service in
general; folded, without endings: both dictionaries stem them.
"""

from __future__ import annotations

from crm.words import fold

_ENGLISH = """
refund reimburse reimbursement money repay repaid
parcel package shipment delivery carton box packet
delivery shipping postage ship dispatch arrive arrives
return returns give send back bring
exchange swap replace trade
password credentials login passcode
account profile
sign log login connect
mail email inbox
order purchase buy bought
cancel stop withdraw
invoice bill receipt
receipt ticket proof
discount promo coupon voucher rebate reduction code
price cost rate expensive cheap cheaper pay
pay payment charge charged paid
instalments installments spread monthly months
broken damaged defective faulty torn crushed
repair mend fix workshop
torn tear hole slit
missing lost absent vanished disappeared
late delay delayed waiting
track follow locate whereabouts
wrong mistake error incorrect
size fit fits tight large small wear
wash clean washing cleaning laundry
warranty guarantee guaranteed covered
stock available sold restock
delete remove erase
data information personal
unsubscribe stop advertising newsletter
shop store branch
collect pick fetch
open opening hours hour
points bonus loyalty rewards balance
card bank
gift present voucher
rent hire borrow
used second hand
customs duty duties import taxes tax
job jobs hiring vacancy
country countries abroad
phone smartphone mobile
zip zipper fastener
mat mattress pad
backpack rucksack pack bag
jacket coat shell anorak
boots shoes footwear
gas fuel cartridge canister
stove burner
pole rod segment
waterproof soaked rain wet
air flat deflate leak
made sewn factory produced manufactured
chemicals pollutants toxic substances
groups club association school company
"""
_FRENCH = """
rembourser remboursement argent rendre
colis paquet livraison carton boite envoi
livraison port envoi expedition expedier recevoir livrer
retour retourner renvoyer rendre rapporter reprendre
echange echanger remplacer
passe identifiants connexion connecter
compte profil
courriel mail electronique boite
commande achat acheter achete commander
annuler arreter
facture justificatif recu
ticket preuve recu
code promo coupon bon reduction remise
prix tarif cout coute cher
frais port coute cout
paiement payer regler debite preleve
fois etaler mensualites mois
casse abime endommage defectueux tordu brise fendu
reparer reparation arranger recoudre atelier
dechire trou fendu
manque absent
perdu disparu egare
retard attendre
suivre suivi localiser
mauvais erreur trompe
taille pointure serre grand petit
laver nettoyer lavage machine
garantie garanti couvert charge
stock disponible epuise
supprimer effacer
donnees informations personnelles
desabonner pub publicite lettre
boutique magasin commerce
retrait retirer chercher recuperer relais
horaires ouvert ouvrent heures
points fidelite cagnotte bonus
carte bancaire banque
cadeau cheque offert
louer location
occasion seconde racheter vendre
douane taxes droits importation
emploi recruter candidature poste embauche
telephone portable mobile
fermeture zip eclair
matelas tapis
sac dos
veste blouson manteau coupe anorak doudoune
chaussures souliers
gaz cartouche
rechaud bruleur cuisiner
arceau tube armature segment
impermeable pluie eau averse
gonflable degonfle plat air
fabrique cousu usine
substances polluants toxiques
clubs association ecole entreprise societe
duvet couchage
"""


def _groups(lines: str) -> list[frozenset[str]]:
    return [frozenset(fold(line).split()) for line in lines.strip().splitlines()]


GROUPS = [*_groups(_ENGLISH), *_groups(_FRENCH)]


def kindred_of(word: str) -> list[str]:
    """Other words for the same thing; an ending of a plural does not hide a word."""
    forms = {word, word.removesuffix("s"), f"{word}s"}
    found = {other for group in GROUPS if group & forms for other in group}
    return sorted(found - forms)
